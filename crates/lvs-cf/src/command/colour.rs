//! Whether to use colours, by the rules that terminal programs share.

use super::cli::When;

/// Whether what goes to standard output, a `terminal` or not, is coloured.
pub(super) fn wanted(when: When, terminal: bool) -> bool {
    let environment = Environment {
        no_color: anstyle_query::no_color(),
        clicolor: anstyle_query::clicolor(),
        clicolor_force: anstyle_query::clicolor_force(),
        term: anstyle_query::term_supports_color(),
    };
    decide(when, terminal, &environment)
}

/// What the environment says.
struct Environment {
    /// `NO_COLOR` is there and not empty (no-color.org).
    no_color: bool,
    /// `CLICOLOR`: 0 is a no (bixense.com/clicolors).
    clicolor: Option<bool>,
    /// `CLICOLOR_FORCE` is there and not 0.
    clicolor_force: bool,
    /// `TERM` is there and not `dumb`.
    term: bool,
}

fn decide(when: When, terminal: bool, environment: &Environment) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if environment.no_color => false,
        When::Auto if environment.clicolor_force => true,
        When::Auto => terminal && environment.term && environment.clicolor != Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_have_them() {
        let plain = || Environment {
            no_color: false,
            clicolor: None,
            clicolor_force: false,
            term: true,
        };
        let auto = |terminal, environment| decide(When::Auto, terminal, &environment);
        assert!(auto(true, plain()));
        assert!(!auto(false, plain()));
        let no_color = || Environment {
            no_color: true,
            clicolor_force: true,
            ..plain()
        };
        assert!(!auto(true, no_color()));
        assert!(decide(When::Always, false, &no_color()));
        assert!(!decide(When::Never, true, &plain()));
        let forced = Environment {
            clicolor_force: true,
            term: false,
            ..plain()
        };
        assert!(auto(false, forced));
        let dumb = Environment {
            term: false,
            ..plain()
        };
        assert!(!auto(true, dumb));
        let off = Environment {
            clicolor: Some(false),
            ..plain()
        };
        assert!(!auto(true, off));
    }
}
