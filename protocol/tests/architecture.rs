//! What the tour of the house shows is what is there.

/// The rules of a dialect are the core's own affair, so no example from outside can have any: the
/// document has to show some of its code.
#[test]
fn the_dialect_that_the_tour_shows_is_the_one_that_is_compiled() {
    let tour = include_str!("../../ARCHITECTURE.md");
    let source = include_str!("../src/dialect/relay.rs");
    let (_, shown) = tour.split_once("```rust,ignore\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert!(shown.starts_with("impl Rules for Relay"), "{shown}");
    assert!(source.ends_with(shown), "the code is now:\n{source}");
}

/// The files that it sends a newcomer to are where it says.
#[test]
fn the_files_that_the_tour_names_are_there() {
    let tour = include_str!("../../ARCHITECTURE.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let words = tour.split(|c: char| c == '`' || c.is_whitespace());
    let files: Vec<_> = words.filter(|word| word.ends_with(".rs")).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let places = ["", "protocol/src", "protocol/src/dialect/rooms"];
        let places = places.map(|folder| root.join(folder).join(file));
        assert!(places.iter().any(|place| place.exists()), "{file}");
    }
}
