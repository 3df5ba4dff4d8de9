//! What "ready" means, protocol by protocol. A probe is a request and a pure parser of
//! the reply. [`crate::net`] connects, waits and sets the limits.

mod accepts;
mod http;
mod login;
mod mongo;
mod postgres;
mod protocol;
mod redis;
mod refusal;
mod resp;
mod service;
mod smtp;
mod websocket;
mod worker;

pub use accepts::Accepts;
pub use http::Http;
pub use login::Login;
pub use mongo::{Dialect, Mongo};
pub use postgres::Postgres;
pub use protocol::{Protocol, Readiness, Server};
pub use redis::Redis;
pub use refusal::{Refusal, refusal};
pub use service::{readiness, told_readiness};
pub use smtp::Smtp;
pub use websocket::Websocket;
pub use worker::{Alive, Worker};
