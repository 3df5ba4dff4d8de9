//! Whether a service is Diaspora's own: then the plain forms of `diaspora_svc` mean it.

use serde::Deserialize;

/// Whether a service is Diaspora's own.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(
    untagged,
    expecting = "own is true, false, or a list of the services beside which it is Diaspora's own"
)]
pub enum Own {
    /// It is, or it is not.
    Always(bool),
    /// It is, if the scan directory has one of these services.
    Beside(Vec<String>),
}

impl Default for Own {
    fn default() -> Self {
        Self::Always(false)
    }
}

impl Own {
    /// Whether it is, in a scan directory of which `has` tells whether it has a service.
    pub fn holds(&self, has: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Always(own) => *own,
            Self::Beside(services) => services.iter().any(|service| has(service)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_is_a_truth_or_depends_on_the_neighbours() {
        #[derive(Debug, Deserialize)]
        struct Entry {
            own: Own,
        }
        let own = |text: &str| toml::from_str::<Entry>(text).map(|entry| entry.own);
        let beside_thin = |text: &str| own(text).expect(text).holds(|name| name == "thin");
        assert!(beside_thin("own = true"));
        assert!(!beside_thin("own = false"));
        assert!(beside_thin("own = [\"websocket\", \"thin\"]"));
        assert!(!beside_thin("own = [\"websocket\"]"));
        assert!(!Own::default().holds(|_| true));
        let error = own("own = 3").expect_err("no truth").to_string();
        assert!(error.contains("own is true, false, or a list"), "{error}");
    }
}
