use proptest::prelude::*;
use serde_json::json;

use super::*;

fn met(text: &str, expects: &str) -> bool {
    read(text, Some(expects)).met
}

#[test]
fn what_is_expected_is_found_whatever_its_case_and_spaces() {
    for text in ["STATUS: done", "status:DONE", "… Status :\n\tdo ne.", "s t a t u s:d\r\no n e"] {
        assert!(met(text, "STATUS: done"), "{text:?}");
        assert!(met(text, "status:done"), "{text:?}");
    }
    for text in ["", "STATUS: don", "STATUS done", "STATUS: not done"] {
        assert!(!met(text, "STATUS: done"), "{text:?}");
    }
    assert!(met("Größe ÄNDERN", "grössE".replace("ss", "ß").as_str()));
    assert!(read("", None).met, "nothing expected, nothing missed");
}

#[test]
fn a_beginning_that_leads_nowhere_hides_no_later_match() {
    assert!(met("aabaabaaab", "aabaaa"));
    assert!(met("ababac", "abac"));
    assert!(!met("ababab", "abac"));
}

#[test]
fn key_lines_are_values_and_the_last_one_of_a_name_wins() {
    let text = "STATUS: working\nnoise\nURL: https://example.org/a:b\r\nSTATUS:  done  \nEMPTY:\nRC_2: 5";
    let reading = read(text, None);
    assert_eq!(
        Value::Object(reading.values),
        json!({ "STATUS": "done", "URL": "https://example.org/a:b", "EMPTY": "", "RC_2": "5" })
    );
    for line in
        ["status: done", "Status: done", " STATUS: done", "2A: b", "_A: b", "HTTP://x", "A-B: c", "A B: c"]
    {
        assert!(read(line, None).values.is_empty(), "{line}");
    }
}

#[test]
fn colours_titles_and_progress_are_no_part_of_a_value() {
    let text = "\u{1b}]0;title\u{7}10 %\r90 %\r\u{1b}[1;32mSTATUS:\u{1b}[0m done\u{1b}[K\r\n";
    let reading = read(text, Some("status: done"));
    assert_eq!(reading.values["STATUS"], "done");
    assert!(reading.met);
    let unfinished = read("\u{1b}]0;never ended\nSTATUS: done", Some("STATUS: done"));
    assert_eq!((unfinished.met, &unfinished.values["STATUS"]), (true, &json!("done")));
}

#[test]
fn a_whole_output_that_is_json_is_a_value() {
    assert_eq!(read(" {\"a\": [1, 2]}\n", None).json, Some(json!({ "a": [1, 2] })));
    assert_eq!(read("42\n", None).json, Some(json!(42)));
    for text in ["", "\n", "{\"a\": 1} and more", "done", "{\"a\": 1}\n{\"a\": 2}"] {
        assert_eq!(read(text, None).json, None, "{text:?}");
    }
    let large = format!("\"{}\"", "x".repeat(JSON_LIMIT));
    assert_eq!(read(&large, None).json, None);
    let deep = "[".repeat(100_000);
    assert_eq!(read(&deep, None).json, None);
}

#[test]
fn more_than_can_be_kept_is_left_out_and_said() {
    let long = format!("A: {}\nB: short\n", "x".repeat(LINE_LIMIT));
    let reading = read(&long, None);
    assert_eq!((reading.left_out, Value::Object(reading.values)), (true, json!({ "B": "short" })));

    let lines =
        |count, value: &str| -> Vec<String> { (0..count).map(|n| format!("N{n}: {value}")).collect() };
    let many = lines(NAMES + 1, "x").join("\n");
    let reading = read(&(many + "\nN0: again\n"), None);
    assert_eq!((reading.left_out, reading.values.len()), (true, NAMES));
    assert_eq!(reading.values["N0"], "again", "a name that is there may still change");

    let reading = read(&lines(20, &"x".repeat(8000)).join("\n"), None);
    let kept: usize = reading.values.values().filter_map(Value::as_str).map(str::len).sum();
    assert!(reading.left_out && kept <= VALUES && kept > VALUES / 2, "{kept}");
}

#[test]
fn outputs_have_their_own_names_first() {
    let reading = read("{\"a\": 1}", None);
    let values = outputs(Some(3), "text", 1, &reading);
    assert_eq!(Value::Object(values), json!({ "exit": 3, "text": "text", "lines": 1, "json": { "a": 1 } }));
    let (values, met) = of_answer("RESULT: ok\nSTATUS: done", Some("status: done"));
    assert!(met);
    let wanted = json!({ "text": "RESULT: ok\nSTATUS: done", "lines": 2, "RESULT": "ok", "STATUS": "done" });
    assert_eq!(Value::Object(values), wanted);
    assert!(!of_answer("no", Some("yes")).1);
}

proptest! {
    #[test]
    fn pieces_say_what_the_whole_says(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b'\n'), Just(b'\r'), Just(b'A'), Just(b':'), Just(b' '), Just(0x1b), Just(b'['), Just(b'm'),
            Just(0xc3), Just(0xa4), Just(0xf0), Just(0x9f), any::<u8>()
        ], 0..60),
        cuts in proptest::collection::vec(1_usize..7, 1..20),
    ) {
        let mut whole = Reader::new(Some("a: ä"));
        whole.feed(&bytes);
        let mut pieces = Reader::new(Some("a: ä"));
        let mut rest = bytes.as_slice();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.feed(piece);
            rest = after;
        }
        pieces.feed(rest);
        prop_assert_eq!(whole.finish(), pieces.finish());
    }

    #[test]
    fn the_search_agrees_with_the_plain_one(text in "[abA \n]{0,40}", expects in "[ab ]{0,5}") {
        let plain = |s: &str| -> String { s.to_lowercase().split_whitespace().collect() };
        prop_assert_eq!(met(&text, &expects), plain(&text).contains(&plain(&expects)));
    }
}
