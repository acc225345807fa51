//! Certificates in files, and whom a client trusts.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod pki;
mod world;

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use linechat_layers::tls::{
    Certificate, CertificateFiles, Client, Renewable, Trust, TrustError, readable_by_others,
};
use linechat_protocol::LayerStage;
use pki::{Folder, authority, authority_named, issued, vouching_for_itself};
use world::connecting_to;

/// What says that it is something, and is not.
fn noise(label: &str) -> String {
    format!("-----BEGIN {label}-----\nbm9pc2U=\n-----END {label}-----\n")
}

fn load(certificate: &Path, key: &Path) -> Result<Certificate, String> {
    let loaded = CertificateFiles::new(certificate, key).load();
    loaded.map_err(|error| error.to_string())
}

/// What a client that connects to a server with this certificate comes to.
fn meet(certificate: Certificate, trust: &Trust, name: &str) -> Result<(), String> {
    let mut wired = connecting_to(&Renewable::new(certificate), trust, name);
    wired.settle();
    match wired.client.error {
        Some(error) => Err(error.reason),
        None => {
            assert_eq!(wired.client.stage(), LayerStage::Open);
            Ok(())
        }
    }
}

#[test]
fn a_pair_is_loaded_and_says_until_when_it_is_valid() {
    let folder = Folder::new();
    let pair = issued(&authority(), "localhost", 2031);
    let certificate = folder.write_pair("pair", &pair).load().unwrap();
    let until = certificate.validity().until;
    assert_eq!(until, Duration::from_secs(1_924_992_000));
    assert!(!certificate.validity().is_over(until));
    assert!(
        certificate
            .validity()
            .is_over(until + Duration::from_secs(1))
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_in_one_line_that_names_it() {
    let folder = Folder::new();
    let authority = authority();
    let pair = issued(&authority, "localhost", 2031);
    let other = issued(&authority, "localhost", 2031);
    let good = folder.write("good.pem", &pair.certificate);
    let key = folder.write("good.key", &pair.key);
    let other = folder.write("other.key", &other.key);
    let directory = folder.path().to_path_buf();
    let missing = directory.join("missing");
    let text = folder.write("text", "hello\n");
    let torn = folder.write("torn", &pair.certificate[..100]);
    let garbage = folder.write("noise", noise("CERTIFICATE"));
    let bad_key = folder.write("bad.key", noise("PRIVATE KEY"));
    let locked = folder.write("locked", noise("ENCRYPTED PRIVATE KEY"));
    let at = |file: &Path| file.display().to_string();

    for (certificate, key, expected) in [
        (
            &missing,
            &key,
            format!("cannot read {}: No such file", at(&missing)),
        ),
        (
            &good,
            &missing,
            format!("cannot read {}: No such file", at(&missing)),
        ),
        (
            &directory,
            &key,
            format!("cannot read {}: Is a directory", at(&directory)),
        ),
        (&text, &key, format!("no certificate in {}", at(&text))),
        (&key, &key, format!("no certificate in {}", at(&key))),
        (&torn, &key, format!("{} is no PEM file: ", at(&torn))),
        (
            &garbage,
            &key,
            format!("the certificate in {} cannot be used: ", at(&garbage)),
        ),
        (&good, &good, format!("no private key in {}", at(&good))),
        (
            &good,
            &bad_key,
            format!("the key in {} cannot be used: ", at(&bad_key)),
        ),
        (
            &good,
            &locked,
            format!("the key in {} asks for a passphrase", at(&locked)),
        ),
        (
            &good,
            &other,
            format!(
                "the key in {} does not belong to the first certificate in {}",
                at(&other),
                at(&good)
            ),
        ),
    ] {
        let said = load(certificate, key).unwrap_err();
        assert!(said.starts_with(&expected), "{said}\nexpected {expected}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn files_that_change_are_noticed_until_they_are_loaded_again() {
    let folder = Folder::new();
    let authority = authority();
    let mut files = folder.write_pair("pair", &issued(&authority, "localhost", 2031));
    assert!(files.changed(), "never loaded");
    files.load().unwrap();
    assert!(!files.changed());

    let renewed = issued(&authority, "a.longer.name.example", 2032);
    folder.write("pair.pem", &renewed.certificate);
    assert!(files.changed());
    files.load().unwrap_err();
    assert!(!files.changed(), "a bad pair is reported once");
    folder.write("pair.key", renewed.key + "\n");
    assert!(files.changed());
    files.load().unwrap();

    fs::remove_file(files.key()).unwrap();
    assert!(files.changed());
}

#[cfg(unix)]
#[test]
fn a_key_that_every_user_can_read_is_known_as_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let key = folder.write("key", "");
    for (mode, expected) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(readable_by_others(&key), expected, "{mode:o}");
    }
    assert!(!readable_by_others(&folder.path().join("missing")));
}

#[test]
fn an_authority_in_a_file_is_trusted_for_the_name_that_it_vouches_for() {
    let folder = Folder::new();
    let authority = authority();
    let trust = Trust::Authorities(folder.write("ca.pem", authority.pem()));
    let pair = issued(&authority, "chat.example", 3000);
    let certificate = folder.write_pair("pair", &pair).load().unwrap();
    assert_eq!(meet(certificate.clone(), &trust, "chat.example"), Ok(()));

    let refused = meet(certificate.clone(), &trust, "other.example").unwrap_err();
    let pin = certificate.pin();
    let expected = format!(
        "the server's certificate is not trusted: it is not for other.example (it is {pin})"
    );
    assert_eq!(refused, expected);
}

#[test]
fn a_certificate_in_the_file_needs_nobody_to_vouch_for_it() {
    let folder = Folder::new();
    let meets = |file: &str, year, name| {
        let pair = vouching_for_itself("chat.example", year);
        let trust = Trust::Authorities(folder.write(file, &pair.certificate));
        let certificate = folder.write_pair(file, &pair).load().unwrap();
        meet(certificate, &trust, name)
    };
    assert_eq!(meets("good", 3000, "chat.example"), Ok(()));
    let refused = meets("other", 3000, "other.example").unwrap_err();
    assert!(refused.contains("not for other.example"), "{refused}");
    let refused = meets("old", 2020, "chat.example").unwrap_err();
    assert!(refused.contains("it has expired"), "{refused}");
}

#[test]
fn strangers_and_the_expired_are_not_trusted() {
    let folder = Folder::new();
    let trusted = authority();
    let trust = Trust::Authorities(folder.write("ca.pem", trusted.pem()));

    let pair = issued(&authority_named("A stranger"), "chat.example", 3000);
    let stranger = folder.write_pair("stranger", &pair).load().unwrap();
    let refused = meet(stranger, &trust, "chat.example").unwrap_err();
    assert!(
        refused.contains("nobody who is trusted here vouches for it"),
        "{refused}"
    );

    let pair = vouching_for_itself("chat.example", 3000);
    let own = folder.write_pair("own", &pair).load().unwrap();
    let refused = meet(own, &trust, "chat.example").unwrap_err();
    assert!(
        refused.contains("it is an authority's own, and is not in the list"),
        "{refused}"
    );

    let pair = issued(&trusted, "chat.example", 2020);
    let expired = folder.write_pair("expired", &pair).load().unwrap();
    let refused = meet(expired, &trust, "chat.example").unwrap_err();
    assert!(refused.contains("it has expired"), "{refused}");
}

#[test]
fn a_file_without_authorities_is_refused() {
    let folder = Folder::new();
    let empty = folder.write("empty", "");
    let garbage = folder.write("noise", noise("CERTIFICATE"));
    assert!(matches!(
        Client::new(&Trust::Authorities(empty)),
        Err(TrustError::File(_))
    ));
    let refused = Client::new(&Trust::Authorities(garbage)).unwrap_err();
    assert!(matches!(refused, TrustError::NoAuthority(_)), "{refused}");
}

/// The environment is the process's: the test runs itself once more, as another one.
#[test]
fn the_system_trusts_whom_the_environment_names() {
    const FOLDER: &str = "LINECHAT_TEST_FOLDER";
    if let Some(folder) = env::var_os(FOLDER) {
        let at = |name| Path::new(&folder).join(name);
        let certificate = CertificateFiles::new(at("pair.pem"), at("pair.key"))
            .load()
            .unwrap();
        match Client::new(&Trust::System) {
            Ok(_) => meet(certificate, &Trust::System, "chat.example").unwrap(),
            Err(error) => panic!("{error}"),
        }
        return;
    }
    let folder = Folder::new();
    let authority = authority();
    folder.write_pair("pair", &issued(&authority, "chat.example", 3000));
    let trusted = folder.write("ca.pem", authority.pem());
    let nobody = folder.write("nobody.pem", "");
    let run = |file: &Path| {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_system_trusts_whom_the_environment_names"])
            .env(FOLDER, folder.path())
            .env("SSL_CERT_FILE", file)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap()
    };
    assert!(run(&trusted).status.success());
    let refused = run(&nobody);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned()
        + &String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("this system has no certificates of authorities"),
        "{said}"
    );
}
