//! Whether a service is Diaspora's own: then the plain forms of `diaspora_svc` mean it.

/// Whether a service is Diaspora's own.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let beside_thin = |own: Own| own.holds(|name| name == "thin");
        assert!(beside_thin(Own::Always(true)));
        assert!(!beside_thin(Own::default()));
        assert!(beside_thin(Own::Beside(vec!["thin".to_owned()])));
        assert!(!beside_thin(Own::Beside(vec!["puma".to_owned()])));
    }
}
