use super::*;

/// The findings as `LINE KIND: EXCERPT`.
fn found(text: &str, format: Format) -> Vec<String> {
    let findings = check(text, format).into_iter();
    findings
        .map(|finding| format!("{} {}: {}", finding.line, finding.kind, finding.excerpt))
        .collect()
}

#[test]
fn finds_openings_in_comments() {
    let text = "\
//! What it is.
//! It waits. Whoever
//! comes gets it.

/// Returns the rest. One that is late is dropped.
fn f() {} // Those that stay.
// It is told once.
";
    assert_eq!(
        found(text, Format::Rust),
        [
            "1 OPENING: What it is.",
            "2 OPENING: Whoever comes gets it.",
            "2 WORD: whoever: //! It waits. Whoever",
            "5 OPENING: One that is late is dropped.",
            "6 OPENING: Those that stay.",
            "7 OPENING: It is told once.",
        ]
    );
}

#[test]
fn skips_questions_strings_and_code() {
    for text in [
        "// What is wrong right now?\n",
        "let a = \"// What it is.\";\n",
        "let a = r#\"a \" // What it is.\"#;\n",
        "let a = \"x\n// What it is.\n\";\n",
        "let a = '\"'; let b = \"// What it is.\";\n",
        "/// ```\n/// What();\n/// ```\n",
        "// Whatever, and What in the middle.\n",
        "let what = 1;\n",
    ] {
        assert_eq!(found(text, Format::Rust), [""; 0], "{text}");
    }
}

#[test]
fn finds_comment_after_literals() {
    for text in [
        "let a = \"\\\"\"; // What it is.",
        "let a = '\"'; // What it is.",
        "let a = b\"x\"; // What it is.",
        "let a = br#\"\"x\"#; // What it is.",
        "let a: &'static str = \"\"; // What it is.",
    ] {
        assert_eq!(found(text, Format::Rust), ["1 OPENING: What it is."]);
    }
}

#[test]
fn finds_words_outside_code_spans() {
    let text = "Runs as `nobody`.\nNobody, or somebody.\nA history.\n";
    assert_eq!(
        found(text, Format::Markdown),
        [
            "2 WORD: nobody: Nobody, or somebody.",
            "2 WORD: somebody: Nobody, or somebody."
        ]
    );
    let text = "fn nobody_answers() { let a = \"a story\"; }";
    assert_eq!(found(text, Format::Rust).len(), 2);
}

#[test]
fn finds_long_test_names() {
    let text = "\
#[test]
fn a_b_c_d_e_f_g_h() {}
fn a_b_c_d_e_f_g_h_i() {}
proptest! {
    #[test]
    // A comment.
    fn a_b_c_d_e_f_g_h_j(x: u8) {}
}
#[tokio::test(start_paused = true)]
async fn a_b_c_d_e_f_g_h_k() {}
#[test]
fn a_b_c_d_e_f_g() {}
";
    assert_eq!(
        found(text, Format::Rust),
        [
            "2 TEST NAME: 8 words: a_b_c_d_e_f_g_h",
            "7 TEST NAME: 9 words: a_b_c_d_e_f_g_h_j",
            "10 TEST NAME: 9 words: a_b_c_d_e_f_g_h_k",
        ]
    );
}

#[test]
fn reads_markdown_manual_pages_and_samples() {
    let text = "# What it is\n\n- What it does\n- it is. What is new?\n\n```\nWhat\n```\n";
    assert_eq!(
        found(text, Format::Markdown),
        ["1 OPENING: What it is", "3 OPENING: What it does"]
    );
    let text = ".SH NAME\nIt runs.\nWhat\n.B nanny\ndoes.\n.PP\nThose that\n.BR stay .\n";
    assert_eq!(
        found(text, Format::Roff),
        [
            "3 OPENING: What nanny does.",
            "7 OPENING: Those that stay ."
        ]
    );
    let text = "# What it is.\nWhat = 1\n";
    assert_eq!(found(text, Format::Sample), ["1 OPENING: What it is."]);
}

#[test]
fn lists_every_area_of_repository() {
    let areas = areas(&root()).expect("the crates are readable");
    let names: Vec<&str> = areas.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"nanny") && names.ends_with(&["tests", "xtask", "docs"]));
    let error = main(&["dust".into()]).expect_err("unknown").to_string();
    assert!(
        error.starts_with("no crate named dust: choose from"),
        "{error}"
    );
}
