//! `prose`: lists the wordings that the language rules exclude and that a program can find: sentence
//! openings, single words, long test names. A reader's aid: findings do not fail the chore.
//!
//! Sentences are found in comments, and in the text of Markdown, manual pages and sample files.
//! Words are found everywhere in those and in Rust files, code included, except in code spans.

use crate::run::root;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Openings of a sentence: free relatives, and passives without an actor.
const OPENINGS: [&str; 7] = [
    "What",
    "Whoever",
    "One that",
    "Those that",
    "That which",
    "It is said",
    "It is told",
];

/// Words that name no actor, or are metaphors.
const WORDS: [&str; 6] = [
    "nobody", "somebody", "anybody", "whoever", "story", "stories",
];

/// The longest test name, in words.
const LONGEST_TEST_NAME: usize = 7;

/// The area of the files that belong to no crate.
const DOCS: &str = "docs";

/// Paths of the `docs` area, from the root.
const DOC_PATHS: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "docs",
    "man",
    "etc",
];

/// The files that hold the rules and their planted cases.
const EXEMPT: &str = "xtask/src/prose";

/// One finding.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    kind: Kind,
    excerpt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Opening,
    Word,
    TestName,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "OPENING",
            Self::Word => "WORD",
            Self::TestName => "TEST NAME",
        })
    }
}

/// Prints the findings of the areas in `args`, or of all, and a count for each.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    let areas = areas(&root())?;
    for arg in args {
        let is_known = areas.iter().any(|(name, _)| arg == name.as_str());
        let names: Vec<&str> = areas.iter().map(|(name, _)| name.as_str()).collect();
        ensure!(
            is_known,
            "no crate named {}: choose from {}",
            arg.display(),
            names.join(", ")
        );
    }
    let mut counts = Vec::new();
    for (name, paths) in areas {
        if args.is_empty() || args.iter().any(|arg| arg == name.as_str()) {
            let count = list(&paths)?;
            counts.push((name, count));
        }
    }
    for (name, count) in counts {
        println!("{count:>6} {name}");
    }
    Ok(())
}

/// The areas in the order of the output, each with its directories and files.
fn areas(root: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let mut areas = Vec::new();
    for path in entries(&root.join("crates"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        areas.push((name.into_owned(), vec![path.clone()]));
    }
    for name in ["tests", "xtask"] {
        areas.push((name.to_owned(), vec![root.join(name)]));
    }
    let docs = DOC_PATHS.iter().map(|path| root.join(path)).collect();
    areas.push((DOCS.to_owned(), docs));
    Ok(areas)
}

/// The entries of a directory, sorted.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(dir)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut paths = read().with_context(|| format!("cannot read {}", dir.display()))?;
    paths.sort();
    Ok(paths)
}

/// Prints the findings below `paths`, and returns their number.
fn list(paths: &[PathBuf]) -> Result<usize> {
    let root = root();
    let mut count = 0;
    let mut rest: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = rest.pop() {
        let name = path.strip_prefix(&root).unwrap_or(&path);
        if path.is_dir() {
            rest.extend(entries(&path)?.into_iter().rev());
        } else if let Some(format) = Format::of(&path)
            && !name.to_string_lossy().starts_with(EXEMPT)
        {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            for Finding {
                line,
                kind,
                excerpt,
            } in check(&text, format)
            {
                println!("{}:{line}: {kind}: {excerpt}", name.display());
                count += 1;
            }
        }
    }
    Ok(count)
}

/// How a file holds its prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Rust,
    Markdown,
    Roff,
    /// Comments that begin with `#`.
    Sample,
}

impl Format {
    /// The format of a file; `None` if it has no prose.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "rs" => Some(Self::Rust),
            "md" => Some(Self::Markdown),
            "1" | "5" | "8" => Some(Self::Roff),
            "example" | "service" | "conf" => Some(Self::Sample),
            _ => None,
        }
    }
}

/// The findings in a text, by line.
fn check(text: &str, format: Format) -> Vec<Finding> {
    let lines = match format {
        Format::Rust => rust_comments(text),
        Format::Markdown => text.lines().map(|line| Some(line.to_owned())).collect(),
        Format::Roff => text.lines().map(roff).collect(),
        Format::Sample => text.lines().map(sample).collect(),
    };
    let mut findings = openings(&lines);
    findings.extend(words(text));
    if format == Format::Rust {
        findings.extend(test_names(text));
    }
    findings.sort_by_key(|finding| (finding.line, finding.kind));
    findings
}

/// The comment of each line of Rust, without its marks; `None` where there is none.
fn rust_comments(text: &str) -> Vec<Option<String>> {
    let mut lines = Vec::new();
    let mut in_string = None;
    for line in text.lines() {
        lines.push(comment_of(line, &mut in_string).map(str::to_owned));
    }
    lines
}

/// The comment at the end of a line. `in_string` is the end mark of a string literal that is open
/// at its start, and at its end.
fn comment_of<'a>(line: &'a str, in_string: &mut Option<String>) -> Option<&'a str> {
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        if let Some(end) = in_string.as_deref() {
            if end == "\"" && rest.starts_with('\\') {
                at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            } else if rest.starts_with(end) {
                at += end.len();
                *in_string = None;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
            continue;
        }
        if let Some(comment) = rest.strip_prefix("//") {
            return Some(comment.trim_start_matches(['/', '!']));
        }
        let before = line[..at].chars().next_back();
        let is_raw = rest.starts_with('r') && !before.is_some_and(is_part_of_name);
        let hashes = rest[usize::from(is_raw)..]
            .chars()
            .take_while(|c| *c == '#')
            .count();
        if is_raw && rest[1 + hashes..].starts_with('"') {
            *in_string = Some(format!("\"{}", "#".repeat(hashes)));
            at += 2 + hashes;
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\") {
            // A character literal that must not open a string.
            at += 3;
        } else if rest.starts_with('"') {
            *in_string = Some("\"".to_owned());
            at += 1;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// Whether `c` may be within an identifier; `b` of a byte string begins one.
fn is_part_of_name(c: char) -> bool {
    c != 'b' && c != 'c' && (c.is_alphanumeric() || c == '_')
}

/// The text of a line of a manual page; `None` between paragraphs.
fn roff(line: &str) -> Option<String> {
    const INLINE: [&str; 14] = [
        "B", "I", "BR", "RB", "BI", "IB", "IR", "RI", "Nm", "Xr", "Fl", "Ar", "Pa", "Cm",
    ];
    let Some(rest) = line.strip_prefix('.') else {
        return Some(line.to_owned());
    };
    let (macro_name, text) = rest.split_once(' ').unwrap_or((rest, ""));
    INLINE.contains(&macro_name).then(|| text.to_owned())
}

/// The comment of a line of a sample file.
fn sample(line: &str) -> Option<String> {
    let comment = line.trim_start().strip_prefix('#')?;
    Some(comment.trim_start_matches('#').to_owned())
}

/// The sentences that begin with one of [`OPENINGS`], unless they are questions. A line without text,
/// a list item, a heading and a table row begin a new paragraph.
fn openings(lines: &[Option<String>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_code = false;
    let mut paragraph: Vec<(usize, &str)> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let line = line.as_deref().unwrap_or_default().trim();
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let item = line.trim_start_matches(['-', '*', '#', '|', '>', ' ']);
        if line.is_empty() || is_code || item.len() < line.len() {
            findings.extend(openings_in(&paragraph));
            paragraph.clear();
        }
        if !is_code && !line.starts_with("```") && !line.is_empty() {
            paragraph.push((number, item));
        }
    }
    findings.extend(openings_in(&paragraph));
    findings
}

/// The findings in one paragraph.
fn openings_in(paragraph: &[(usize, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut text = String::new();
    let mut starts = Vec::new();
    for (number, line) in paragraph {
        starts.push((text.len(), *number));
        text.push_str(line);
        text.push(' ');
    }
    let mut begin = 0;
    while begin < text.len() {
        let end = sentence_end(&text, begin);
        let sentence = text[begin..end].trim();
        let bare = sentence.trim_start_matches(['"', '(', '*', '_']);
        if OPENINGS.iter().any(|opening| begins_with(bare, opening)) && !sentence.ends_with('?') {
            let offset = begin + text[begin..].len() - text[begin..].trim_start().len();
            let line = starts.iter().rev().find(|(start, _)| *start <= offset);
            findings.push(Finding {
                line: line.map_or(0, |(_, number)| *number),
                kind: Kind::Opening,
                excerpt: excerpt(sentence),
            });
        }
        begin = end;
    }
    findings
}

/// The end of the sentence that begins at `begin`: after a stop that a blank follows.
fn sentence_end(text: &str, begin: usize) -> usize {
    let bytes = text.as_bytes();
    let stop = (begin..text.len()).find(|&at| {
        let next = bytes.get(at + 1).copied();
        matches!(bytes[at], b'.' | b'!' | b'?') && next.is_none_or(|byte| byte == b' ')
    });
    stop.map_or(text.len(), |at| at + 1)
}

/// Whether `text` begins with these words.
fn begins_with(text: &str, words: &str) -> bool {
    text.strip_prefix(words)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The first words of a sentence.
fn excerpt(sentence: &str) -> String {
    const LONGEST: usize = 70;
    match sentence.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &sentence[..at]),
        None => sentence.to_owned(),
    }
}

/// The lines with one of [`WORDS`] outside of code spans: each word of a line once.
fn words(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let lower = plain.to_ascii_lowercase();
        for word in WORDS {
            let is_there = lower
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|found| found == word);
            if is_there {
                findings.push(Finding {
                    line: number,
                    kind: Kind::Word,
                    excerpt: excerpt(&format!("{word}: {}", line.trim())),
                });
            }
        }
    }
    findings
}

/// The test functions whose names are too long.
fn test_names(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_test = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        let name = line
            .split_once("fn ")
            .and_then(|(before, rest)| {
                matches!(before, "" | "async " | "pub ").then(|| rest.split('(').next())
            })
            .flatten();
        let Some(name) = name else {
            continue;
        };
        let count = name.split('_').filter(|word| !word.is_empty()).count();
        if std::mem::take(&mut is_test) && count > LONGEST_TEST_NAME {
            findings.push(Finding {
                line: number,
                kind: Kind::TestName,
                excerpt: format!("{count} words: {name}"),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests;
