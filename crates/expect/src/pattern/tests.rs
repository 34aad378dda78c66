//! Expressions against the C library's own `regcomp`, by way of bash, and against `grep -E`.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;

fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn says(pattern: &[u8], text: &[u8]) -> Option<bool> {
    Some(Pattern::new(pattern).ok()?.is_in(&self::text(text)))
}

/// What `[[ TEXT =~ PATTERN ]]` says, which is `regcomp` with `REG_EXTENDED`: `None` where the
/// expression is not valid. Bytes but NUL.
fn bash_says(cases: &[(Vec<u8>, Vec<u8>)]) -> Vec<Option<bool>> {
    const SCRIPT: &str = "while IFS= read -r pattern && IFS= read -r text; do
        printf -v pattern %b \"$pattern\"; printf -v text %b \"$text\"
        [[ $text =~ $pattern ]]; echo $?
    done";
    let mut bash = Command::new("/bin/bash")
        .args(["-c", SCRIPT])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut stdin = bash.stdin.take().expect("a pipe");
    let mut lines = String::new();
    for (pattern, text) in cases {
        for bytes in [pattern, text] {
            lines.extend(bytes.iter().map(|byte| format!(r"\x{byte:02x}")));
            lines.push('\n');
        }
    }
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = bash.wait_with_output().expect("bash ends");
    writer.join().expect("no panic").expect("it read all");
    let said: Vec<Option<bool>> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| match line {
            "0" => Some(true),
            "1" => Some(false),
            "2" => None,
            line => panic!("{line}"),
        })
        .collect();
    assert_eq!(said.len(), cases.len());
    said
}

#[track_caller]
fn agree_with_the_c_library(cases: &[(Vec<u8>, Vec<u8>)]) {
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let wrong: Vec<_> = bash_says(cases)
        .into_iter()
        .zip(cases)
        .map(|(bash, (pattern, text))| (says(pattern, text), bash, show(pattern), show(text)))
        .filter(|(ours, bash, ..)| ours != bash)
        .collect();
    assert!(
        wrong.is_empty(),
        "ours, the C library's: {:#?}",
        &wrong[..wrong.len().min(20)]
    );
}

/// Expressions of every construct, each with the texts below.
const PATTERNS: &[&str] = &[
    "abc",
    "a.c",
    ".",
    "",
    "()",
    "a|b",
    "a||b",
    "|a",
    "a|",
    "(|a)b",
    "a()b",
    "(a|b)*c",
    "(ab)+",
    "a?b",
    "a*",
    "a+b",
    "a**",
    "a+*",
    "a?+",
    "a*?b",
    "a+?",
    "(a*)*",
    "(a*)+",
    "a{2}",
    "a{2,}",
    "a{,2}b",
    "a{,}",
    "a{1,2}{2}",
    "(ab){2}",
    "a{0}b",
    "a{0,0}",
    "^",
    "$",
    "^$",
    "^a",
    "a$",
    "a^b",
    "a$b",
    "(^a)",
    "(a$)",
    "x(^a)",
    "a|^b",
    "^a|b$",
    "^^a",
    "a$$",
    "[abc]",
    "[^abc]",
    "[a-c]+",
    "[]a]",
    "[^]a]",
    "[]-a]",
    "[a-]",
    "[-a]",
    "[^-a]",
    "[a\\]",
    "[\\]",
    "[\\n]",
    "[--/]",
    "[---]",
    "[+--]",
    "[a.*]",
    "[$^]",
    "[^^]",
    "[[]",
    "[a[]",
    "[[:alpha:]]",
    "[[:alnum:]_]",
    "[[:digit:]]{3}",
    "[^[:space:]]+",
    "[[:upper:][:digit:]]",
    "[[:punct:]]",
    "[[:blank:]]",
    "[[:cntrl:]]",
    "[[:graph:]]",
    "[[:lower:]]",
    "[[:print:]]",
    "[[:xdigit:]]{2}",
    "[[.-.]]",
    "[[.a.]-c]",
    "[a-[.c.]]",
    "[[=a=]]",
    "[[.].]]",
    "[:alpha:]",
    "[[:alpha:]-]",
    "\\.",
    "\\*",
    "\\(a\\)",
    "\\[",
    "\\]",
    "]",
    "a]",
    "}",
    "a}",
    "\\{",
    "\\}",
    "\\^a",
    "\\$",
    "\\|",
    "\\\\",
    "\\/",
    "\\a",
    "\\n",
    ")",
    "a)",
    "(a))",
    "\\<a",
    "a\\>",
    "\\bb",
    "b\\B",
    "\\w+",
    "\\W",
    "\\s",
    "\\S",
    "\\`a",
    "a\\'",
    "HTTP/1\\.[01] 200",
    "^(2|3)[0-9]{2} ",
    "-",
    "a-c",
    "\"ok\" *: *true",
    "[[:space:]]*OK[[:space:]]*$",
    // Not valid.
    "*a",
    "+",
    "?",
    "{1}",
    "(*a)",
    "a|*b",
    "^*",
    "$*",
    "\\<*",
    "(",
    "(a",
    "((a)",
    "[",
    "[a",
    "[]",
    "[^]",
    "[a-",
    "[z-a]",
    "[a-c-e]",
    "[[:foo:]]",
    "[[:alpha:]",
    "[[:alpha:]-z]",
    "[a-[:alpha:]]",
    "[[.ab.]]",
    "[[==]]",
    "[[.",
    "a{",
    "a{1",
    "a{1,",
    "a{x}",
    "a{2,1}",
    "a{1,2,3}",
    "a{-1}",
    "a{ 1}",
    "a{40000}",
    "\\",
];

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "c",
    "ab",
    "abc",
    "abcabc",
    "aab",
    "aaab",
    "xa",
    "ax",
    "a\nb",
    "b\na",
    "-",
    "/",
    ".",
    "*",
    "]",
    "[",
    "\\",
    "\\n",
    "n",
    "^",
    "$",
    "a$b",
    "a^b",
    "{",
    "}",
    "a}",
    "a{",
    ")",
    "(a)",
    "a)",
    "|",
    ":",
    "_",
    " ",
    "\t",
    "A",
    "Z9",
    "123",
    "ff",
    "a b",
    "ba",
    "b b",
    "!",
    "\u{7f}",
    "e",
    "\x01",
    "HTTP/1.1 200 OK",
    "HTTP/1x1 200",
    "302 Found",
    "{\"ok\" : true}",
    " OK \r\n",
    "a-c",
];

#[test]
fn every_construct_agrees_with_the_c_library() {
    let mut cases = Vec::new();
    for pattern in PATTERNS {
        for text in TEXTS {
            cases.push((pattern.as_bytes().to_vec(), text.as_bytes().to_vec()));
        }
        cases.push((pattern.as_bytes().to_vec(), vec![b'a', 0xff, 0x80, b'b']));
    }
    agree_with_the_c_library(&cases);
}

/// Expressions of the signs that matter, valid or not, and texts of the same letters.
fn any_case() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "-",
        ".",
        "(",
        ")",
        "|",
        "*",
        "+",
        "?",
        "{2}",
        "{1,2}",
        "{,1}",
        "{",
        "}",
        ",",
        "^",
        "$",
        "[",
        "]",
        "[^",
        "[ab]",
        "[a-b]",
        "[[:alpha:]]",
        "[:alpha:]",
        "\\",
        "\\b",
        "\\<",
        "\\>",
        "\\w",
        "\\W",
        "\\s",
        "0",
        "\u{e9}",
    ]);
    let pattern =
        prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat().into_bytes());
    // No newline: with one, glibc lets `.^` and `$.` match in the middle, which POSIX does not.
    let sign = prop::sample::select(b"aab-0 \t\xe9].*".to_vec());
    (pattern, prop::collection::vec(sign, 0..7))
}

#[test]
fn whatever_is_written_agrees_with_the_c_library() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<_> = (0..20_000)
        .map(|_| any_case().new_tree(&mut runner).expect("a case").current())
        .collect();
    agree_with_the_c_library(&cases);
    for said in [Some(true), Some(false), None] {
        let count = cases
            .iter()
            .filter(|(pattern, text)| says(pattern, text) == said);
        assert!(count.count() > 1000, "{said:?}");
    }
}

#[test]
fn what_is_valid_agrees_with_grep() {
    // These grep takes for errors, against POSIX.
    let texts: Vec<&str> = TEXTS
        .iter()
        .copied()
        .filter(|text| !text.contains('\n'))
        .collect();
    let patterns = PATTERNS
        .iter()
        .filter(|pattern| ![")", "a)", "(a))", "[:alpha:]"].contains(pattern));
    for pattern in patterns.filter(|pattern| Pattern::new(pattern.as_bytes()).is_ok()) {
        let mut grep = Command::new("/bin/grep")
            .args(["-E", "-a", "-n", "-e", pattern])
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("grep runs");
        let mut stdin = grep.stdin.take().expect("a pipe");
        let lines = texts.join("\n") + "\n";
        stdin.write_all(lines.as_bytes()).expect("it reads");
        drop(stdin);
        let output = grep.wait_with_output().expect("grep ends");
        let found: Vec<usize> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.split(':').next()?.parse().ok())
            .collect();
        let ours: Vec<usize> = (1..)
            .zip(&texts)
            .filter(|(_, text)| says(pattern.as_bytes(), text.as_bytes()) == Some(true))
            .map(|(number, _)| number)
            .collect();
        assert_eq!(ours, found, "{pattern}");
    }
}

#[test]
fn the_reason_is_named() {
    for (pattern, reason) in [
        ("a|*b", PatternError::NothingToRepeat),
        ("a{2,1}", PatternError::Braces),
        ("a{32768}", PatternError::Repetitions),
        ("(a", PatternError::Group),
        ("[a", PatternError::Bracket),
        ("[b-a]", PatternError::Range),
        ("[[:word:]]", PatternError::Class),
        ("[[.space.]]", PatternError::Collation),
        ("a\\", PatternError::Backslash),
        ("(a)\\1", PatternError::BackReference),
        ("(a{1000}){1000}", PatternError::TooLarge),
        // It would be searched for seconds.
        ("(a?){1,400}b", PatternError::TooLarge),
    ] {
        let said = Pattern::new(pattern.as_bytes()).expect_err(pattern);
        assert_eq!(said, reason, "{pattern}");
    }
    // What POSIX promises.
    for pattern in [".{255}", "[[:alpha:]_]{255}", "(ab){255}", "x{1,255}"] {
        assert!(Pattern::new(pattern.as_bytes()).is_ok(), "{pattern}");
    }
    let deep = ["(".repeat(10_000), ")".repeat(10_000)].concat();
    assert_eq!(Pattern::new(deep.as_bytes()), Err(PatternError::TooLarge));
    let high = format!("a{}", "*".repeat(10_000));
    assert_eq!(Pattern::new(high.as_bytes()), Err(PatternError::TooLarge));
}

#[test]
fn a_hostile_reply_takes_linear_time() {
    // An engine that goes back takes two to the power of the length for this.
    let pattern = Pattern::new(b"(a|a)*(a|a)*(a|a)*b").expect("valid");
    let text = "a".repeat(64 * 1024);
    let start = std::time::Instant::now();
    assert!(!pattern.is_in(&text));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn an_expression_weighs_what_its_states_take() {
    let weight = |source: &[u8]| Pattern::new(source).map(|pattern| pattern.weight());
    assert_eq!(weight(b""), Ok(1));
    assert_eq!(weight(b"^220 .*SMTP"), Ok(1));
    let weights: Vec<usize> = (1..)
        .map_while(|times| weight(format!("x{{{times}}}").as_bytes()).ok())
        .collect();
    assert!(weights.is_sorted());
    assert_eq!(weights.last(), Some(&HEAVIEST));
}
