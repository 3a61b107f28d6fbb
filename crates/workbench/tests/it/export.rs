//! Exports of a real platform's audit log in files, and what is said of them later.

use std::{fs, path::Path};

use strongroom_contract::{
    audit::AuditQuery, error::ErrorCode, export::ExportFormat, manage::AuditRowView,
};
use strongroom_workbench::{
    home::Home,
    platform::{CheckedExport, Platform, export_to_file, proof_beside, verify_file},
};

use crate::platform::{Served, any_port, block_on, wanted};

async fn checked(platform: &Platform, file: &Path) -> CheckedExport {
    verify_file(platform, file, &proof_beside(file))
        .await
        .unwrap()
}

#[test]
fn an_export_holds_until_a_byte_of_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(&folder.path().join("home")).unwrap();
    let served = Served::start(&home, any_port()).unwrap();
    block_on(async {
        let platform = Platform::of_home(&home).unwrap();
        for number in 0..50 {
            let name = format!("key {number}");
            platform.create_key(&wanted(&name)).await.unwrap();
        }
        let file = folder.path().join("rows.jsonl");
        let mut query = AuditQuery::default();
        query.set("act", "key.create").unwrap();
        let format = ExportFormat::Jsonl;
        let exported = export_to_file(&platform, &query, format, &file, false, |_| {})
            .await
            .unwrap();
        assert_eq!(
            exported.proof_file,
            folder.path().join("rows.jsonl.proof.json")
        );
        let text = fs::read_to_string(&file).unwrap();
        let rows: Vec<AuditRowView> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!((rows.len(), exported.proof.rows), (50, 50));
        assert!(rows.iter().all(|row| row.act == "key.create"));
        let said = checked(&platform, &file).await;
        assert!(said.ok, "{said:?}");
        assert_eq!(said.proof, exported.proof);

        // Neither the rows nor the proof is overwritten, unless that was said.
        let again = export_to_file(&platform, &query, format, &file, false, |_| {}).await;
        assert_eq!(again.unwrap_err().code, ErrorCode::Conflict);
        fs::remove_file(&file).unwrap();
        let again = export_to_file(&platform, &query, format, &file, false, |_| {}).await;
        assert_eq!(again.unwrap_err().code, ErrorCode::Conflict);
        assert!(!file.exists());
        let replaced = export_to_file(&platform, &query, format, &file, true, |_| {})
            .await
            .unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_ne!(replaced.proof.end_row, exported.proof.end_row);

        // Every byte counts, and so does every one that is missing.
        let mut changed = text.clone().into_bytes();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for (bytes, expected) in [
            (changed.as_slice(), "SHA-256"),
            (&text.as_bytes()[..text.len() - 1], "bytes"),
        ] {
            fs::write(&file, bytes).unwrap();
            let said = checked(&platform, &file).await;
            assert!(!said.ok && said.problem.unwrap().contains(expected));
        }
        fs::write(&file, &text).unwrap();
        assert!(checked(&platform, &file).await.ok);
        let proof = fs::read_to_string(proof_beside(&file)).unwrap();
        fs::write(
            proof_beside(&file),
            proof.replace("key.create", "key.revoke"),
        )
        .unwrap();
        let said = checked(&platform, &file).await;
        assert!(!said.ok && said.problem.unwrap().contains("not signed"));
        fs::write(proof_beside(&file), "{}").unwrap();
        let said = verify_file(&platform, &file, &proof_beside(&file)).await;
        assert_eq!(said.unwrap_err().code, ErrorCode::Usage);

        // Nothing is left of one that can't be written.
        let nowhere = folder.path().join("none/rows.csv");
        let failed = export_to_file(
            &platform,
            &query,
            ExportFormat::Csv,
            &nowhere,
            false,
            |_| {},
        )
        .await;
        assert_eq!(failed.unwrap_err().code, ErrorCode::Storage);
    });
    served.stop();
}
