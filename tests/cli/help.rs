//! Help teaches by example; what is not understood says so.

use super::run::{cartlog, run};

const COMMANDS: [&[&str]; 13] = [
    &["serve"],
    &["config"],
    &["status"],
    &["rebuild"],
    &["copy"],
    &["audit", "history"],
    &["token", "create"],
    &["token", "list"],
    &["token", "revoke"],
    &["kafka", "check"],
    &["demo"],
    &["completions"],
    &["man"],
];

#[test]
fn help_of_each_command_has_examples_that_name_it() {
    for command in COMMANDS {
        let help = run(cartlog(command).arg("--help")).succeeded();
        let (_, examples) =
            help.split_once("Examples:").unwrap_or_else(|| panic!("{command:?} has no examples:\n{help}"));
        assert!(examples.contains(&format!("cartlog {}", command.join(" "))), "{examples}");
    }
}

#[test]
fn nothing_typed_shows_what_there_is() {
    let ran = run(&mut cartlog(&[]));
    assert_eq!(ran.code, 2);
    for command in COMMANDS {
        assert!(ran.stderr.contains(command[0]), "{}", ran.stderr);
    }
}

#[test]
fn what_is_not_understood_exits_with_2() {
    for arguments in [
        &["serv"][..],
        &["serve", "--lisen", "x"],
        &["audit"],
        &["kafka", "check", "--up-to", "now"],
        &["demo", "--shoppers", "many"],
    ] {
        assert_eq!(run(&mut cartlog(arguments)).code, 2, "{arguments:?}");
    }
}
