//! The fuzz targets as an ordinary test: the corpus, and what becomes of it when it is cut and changed.

#[path = "../../../fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// How many places of a file are cut, and changed.
const PLACES: usize = 12;

#[test]
fn every_target_reads_its_corpus_whole_cut_and_changed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, _) in bodies::TARGETS {
        let body = bodies::body(target);
        let files = fs::read_dir(corpus.join(target)).expect(target);
        let mut read = 0;
        for file in files {
            let bytes = fs::read(file.expect("an entry").path()).expect("a file");
            body(&bytes);
            for place in (0..PLACES).map(|n| n * bytes.len() / PLACES) {
                body(&bytes[..place]);
                let mut changed = bytes.clone();
                for (byte, bits) in changed.iter_mut().skip(place).zip([0x01, 0x80, 0x20]) {
                    *byte ^= bits;
                }
                body(&changed);
            }
            read += 1;
        }
        assert!(read >= 3, "{target} has a corpus of {read}");
    }
}

#[test]
fn every_corpus_and_every_target_file_has_a_body() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for (folder, ending) in [("corpus", ""), ("fuzz_targets", ".rs")] {
        let mut names: Vec<String> = fs::read_dir(fuzz.join(folder))
            .expect(folder)
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace(ending, ""))
            .collect();
        names.sort();
        assert_eq!(names, bodies::TARGETS.map(|(name, _)| name), "{folder}");
    }
}
