//! The probe of a web server, and TLS for it and others.

use crate::config;
use crate::context::Context;
use crate::error::{Error, FileError};
use crate::net::{Endpoint, Url};
use crate::probe::{Http, Page, Status};
use crate::read;
use crate::tls::Tls;

/// The authorities that Debian's `ca-certificates` trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The probe of a web server.
pub(super) fn http(
    http: &config::Http,
    context: &Context,
    endpoint: &Endpoint,
    url: Option<&Url>,
) -> Result<Http, Error> {
    let expand = |text: &String| context.expand(text);
    let named = http.host.as_ref().map(expand).transpose()?;
    let path = http.path.as_ref().map(expand).transpose()?;
    let path = path.or_else(|| url.map(|url| url.path.as_bytes().to_vec()));
    let is_secure = url.is_some_and(|url| url.is_secure);
    let tls = http
        .tls
        .clone()
        .or_else(|| is_secure.then(config::Tls::default));
    let tls = tls.map(|tls| match &named {
        Some(named) => self::tls(&tls, context, &String::from_utf8_lossy(named)),
        None => self::tls(&tls, context, host(endpoint)),
    });
    let asks_for_a_page = path.is_some() || named.is_some() || !http.statuses.is_empty();
    Ok(Http {
        tls: tls.transpose()?,
        page: asks_for_a_page.then(|| Page {
            path: path.unwrap_or_default(),
            host: named.unwrap_or_else(|| site(endpoint, is_secure)),
            statuses: match &http.statuses[..] {
                [] => Status::USUAL.to_vec(),
                statuses => statuses.to_vec(),
            },
        }),
    })
}

/// TLS with the server that is called `host`, with or without a port.
pub(super) fn tls(tls: &config::Tls, context: &Context, host: &str) -> Result<Tls, Error> {
    let host = without_port(host);
    if tls.is_insecure {
        return Ok(Tls::unverified(host)?);
    }
    let file = context.expand_path(tls.ca_file.as_deref().unwrap_or(AUTHORITIES))?;
    let unreadable = |file, cause| Error::Read { file, cause };
    let authorities = match read::regular(&file) {
        Ok(authorities) => authorities,
        Err(error) => return Err(unreadable(file, FileError::System(error))),
    };
    Ok(Tls::verified(host, &authorities)?)
}

/// The host of an endpoint, as a certificate names it.
pub(super) fn host(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::Tcp(host, _) => host,
        Endpoint::Unix(_) => "localhost",
    }
}

/// The host of an endpoint, as a request names it.
fn site(endpoint: &Endpoint, is_secure: bool) -> Vec<u8> {
    let usual = if is_secure { 443 } else { 80 };
    match endpoint {
        Endpoint::Tcp(host, port) if *port == usual && !host.contains(':') => host.clone(),
        Endpoint::Tcp(..) => endpoint.to_string(),
        Endpoint::Unix(_) => "localhost".to_owned(),
    }
    .into_bytes()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}
