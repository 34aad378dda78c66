//! The command line of `lvs-cf`.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// Check lvs.cf files, and show what they mean.
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
            let why = "standard input, `-`, is named more than once";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        Ok(self)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what is wrong with files; status 0 nothing, 1 errors, 2 trouble
    Check(Check),
    /// Say what a file means, defaults filled in; status 0, or 1 if the file has errors, 2 trouble
    Show(Show),
    /// Say what changes between two files; status 0 nothing, 1 something, 2 trouble
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files to check, `-` for standard input [default: the file the daemons read]
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Take warnings for errors
    #[arg(long)]
    pub(super) strict: bool,
    /// With source lines, or one line each [default: full on a terminal, else short]
    #[arg(long, value_name = "full|short", hide_possible_values = true)]
    pub(super) format: Option<Form>,
    /// Colours; auto: on a terminal that has them, unless NO_COLOR or CLICOLOR says otherwise
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
    /// As an lvs.cf whose comments are the defaults, or for programs
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
    /// The file to compare with, often the one in use, `-` for standard input
    #[arg(value_name = "OLD")]
    pub(super) old: PathBuf,
    /// The file that would take its place, `-` for standard input
    #[arg(value_name = "NEW")]
    pub(super) new: PathBuf,
    #[command(flatten)]
    pub(super) names: Names,
}

#[derive(Debug, Args)]
pub(super) struct Names {
    /// Look host names up, which may take long; otherwise any name will do
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
