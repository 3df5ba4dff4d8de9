//! What "ready" means, protocol by protocol. A probe is a request and a pure parser of
//! the reply. [`crate::net`] connects, waits and sets the limits.

mod accepts;
mod amqp;
mod http;
mod login;
mod memcached;
mod mongo;
mod mysql;
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
pub use amqp::Amqp;
pub use http::{Http, Page, Status};
pub use login::Login;
pub use memcached::Memcached;
pub use mongo::{Dialect, Mongo};
pub use mysql::{Mysql, MysqlLogin};
pub use postgres::Postgres;
pub(crate) use protocol::last_line;
pub use protocol::{Protocol, Readiness, Server};
pub use redis::Redis;
pub use refusal::{Refusal, refusal};
pub use service::{readiness, told_readiness};
pub use smtp::Smtp;
pub use websocket::Websocket;
pub use worker::{Alive, Worker};
