use daemontools::Errno;

use super::*;

fn location() -> Location {
    Location {
        file: "services.toml".to_owned(),
        line: 7,
    }
}

#[test]
fn each_kind_has_its_exit_code() {
    let prepare = |step| Error::Prepare {
        step,
        verb: "open",
        path: "/log".into(),
        cause: PathError::System(Errno::EACCES),
    };
    let source = |cause| Error::Source {
        file: "/settings".into(),
        cause,
    };
    let others = PathError::Writable(c"/settings".to_owned());
    for (error, code) in [
        (Error::GaveUp, 126),
        (prepare(Step::ChangeDirectory), 1),
        (prepare(Step::Create), 2),
        (prepare(Step::ChangeOwner), 3),
        (prepare(Step::ChangeMode), 4),
        (Error::Mode("rw".to_owned()), 4),
        (Error::UnknownUser("x".to_owned()), 100),
        // The same mistake, found when a log file gets its owner.
        (
            Error::Owner(Box::new(Error::UnknownUser("x".to_owned()))),
            3,
        ),
        (Error::Attempts("many".to_owned()), 100),
        (source(SourceError::Exited(2)), 111),
        (source(SourceError::Unreadable(Errno::EIO.into())), 111),
        (source(SourceError::Unreadable(others)), 100),
        (Error::ChangeUser(Errno::EPERM), 111),
    ] {
        assert_eq!(error.exit_code(), code, "{error}");
    }
}

#[test]
fn a_cause_is_in_the_message_after_its_place() {
    let need = Error::Need {
        location: location(),
        cause: Box::new(Error::UnknownSetting("HOME".to_owned())),
    };
    assert_eq!(
        need.to_string(),
        "services.toml:7: ${HOME} is no setting: give it a default under [settings]"
    );
    let mistake = Error::Mistake {
        location: location(),
        mistake: Mistake::Address(NotAnAddress::Form("here".to_owned())),
    };
    assert_eq!(
        mistake.to_string(),
        "services.toml:7: \"here\" is no address: write \"host:port\", \"[::1]:port\" or \"/path/of/socket\""
    );
    let owner = Error::Owner(Box::new(Error::UnknownGroup("staff".to_owned())));
    assert_eq!(owner.to_string(), "unknown group staff");
}
