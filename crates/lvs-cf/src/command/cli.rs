//! The command line of `lvs-cf`.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// Check, show and compare lvs.cf files.
#[derive(Debug, Parser)]
#[command(name = "lvs-cf", version, disable_help_flag = true)]
pub(super) struct Cli {
    // `-?` is what the daemons have.
    /// Print help
    #[arg(short, short_alias = '?', long, global = true, action = ArgAction::Help, display_order = 99)]
    help: Option<bool>,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Cli {
    /// What the parser cannot know: standard input can be read once.
    pub(super) fn checked(self) -> Result<Self, clap::Error> {
        let files: Vec<&PathBuf> = match &self.command {
            Command::Check(check) => check.files.iter().collect(),
            Command::Show(show) => show.file.iter().collect(),
            Command::Diff(diff) => vec![&diff.old, &diff.new],
        };
        let stdin = files.iter().filter(|file| file.as_os_str() == "-");
        if stdin.count() > 1 {
            let why = "standard input (`-`) is given more than once";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        Ok(self)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Report errors and warnings; exit status 0 if no errors, 1 if errors, 2 if trouble
    Check(Check),
    /// Print the effective configuration with defaults; exit status 0 if no errors, 1 if errors, 2 if trouble
    Show(Show),
    /// Print what changes between two files; exit status 0 if nothing, 1 if changes, 2 if trouble
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files to check, `-` for standard input [default: the file the daemons read]
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Output with source lines, or one line each [default: full on a terminal, else short]
    #[arg(long, value_name = "full|short", hide_possible_values = true)]
    pub(super) format: Option<Form>,
    /// Use colors; auto: on a terminal that supports them, subject to NO_COLOR and CLICOLOR
    #[arg(long, value_name = "auto|always|never", default_value = "auto")]
    #[arg(hide_possible_values = true)]
    pub(super) color: When,
    #[command(flatten)]
    pub(super) names: Names,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// File to show, `-` for standard input [default: the file the daemons read]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Output as an lvs.cf with defaults in comments, or as JSON
    #[arg(
        long,
        value_name = "text|json",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(super) format: Output,
    #[command(flatten)]
    pub(super) names: Names,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Old file, often the one in use, `-` for standard input
    #[arg(value_name = "OLD")]
    pub(super) old: PathBuf,
    /// New file, `-` for standard input
    #[arg(value_name = "NEW")]
    pub(super) new: PathBuf,
    #[command(flatten)]
    pub(super) names: Names,
}

#[derive(Debug, Args)]
pub(super) struct Names {
    /// Resolve host names, which may take long; without it any name is accepted
    #[arg(long)]
    pub(super) resolve: bool,
}

/// How a diagnostic is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// With the source line and the place underlined.
    Full,
    /// One line: `FILE:LINE:COLUMN: error: REASON`.
    Short,
}

/// How a configuration is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// As an lvs.cf.
    Text,
    /// As one JSON object; lvs-cf(1) has its fields.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}
