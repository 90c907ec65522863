//! The vault as its callers see it: what survives a restart, an erasure, a crash and damage.

use super::*;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xuefen_core::Hash;

const LEDGER: &str = "bank.example/2026";
const COMMITMENT: Hash = Hash([9; 32]);
const HEADER: u64 = 96;
const RECORD: u64 = 96;

fn account(number: u64) -> AccountId {
    let mut id = [0xA5; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    AccountId(id)
}

/// A vault in which accounts 0.. have these many durable slots, each batch committed by itself.
fn vault(dir: &Path, batches: &[u64]) -> Vault {
    let vault = Vault::create(dir).unwrap();
    let mut next = 0;
    for length in batches {
        let slots: Vec<_> = (next..next + length).map(|number| vault.reserve(account(number)).unwrap()).collect();
        vault.commit(&slots).unwrap();
        next += length;
    }
    vault
}

fn seal(vault: &Vault, slot: Slot) -> Vec<u8> {
    vault.seal(slot, LEDGER, &COMMITMENT, b"payload").unwrap()
}

fn opens(vault: &Vault, slot: Slot, sealed: &[u8]) -> bool {
    vault.unseal(slot, LEDGER, &COMMITMENT, sealed).is_ok()
}

fn ring(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("ring-{number:08x}"))
}

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
}

#[test]
fn keys_come_back_and_reserving_is_idempotent() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[3]);
    let sealed: Vec<_> = (0..3).map(|slot| seal(&made, Slot(slot))).collect();
    assert_eq!(made.reserve(account(1)).unwrap(), Slot(1));
    let reserved = made.reserve(account(3)).unwrap();
    assert_eq!(
        (reserved, made.reserve(account(3)).unwrap(), made.slot_of(account(3))),
        (Slot(3), Slot(3), Some(Slot(3)))
    );
    drop(made);
    let opened = Vault::open(dir.path(), &[]).unwrap();
    opened.check_complete(Some(Slot(2)), &[]).unwrap();
    for (slot, sealed) in (0..).map(Slot).zip(&sealed) {
        assert!(opens(&opened, slot, sealed));
        assert_eq!(opened.slot_of(account(slot.0)), Some(slot));
    }
    assert_eq!(opened.slot_of(account(3)), None, "reserved, never committed");
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::Locked(_))));
}

#[test]
fn a_commit_with_nothing_new_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path(), &[2]);
    fs::remove_file(ring(dir.path(), 0)).unwrap();
    fs::create_dir(ring(dir.path(), 0)).unwrap();
    let _held = vault.writer();
    vault.commit(&[]).unwrap();
    vault.commit(&[Slot(0), Slot(1)]).unwrap();
}

#[test]
fn commits_append_and_a_lower_reservation_is_written_along() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path(), &[2]);
    let before = fs::read(ring(dir.path(), 0)).unwrap();
    let [waiting, released, used] = [2, 3, 4].map(|number| vault.reserve(account(number)).unwrap());
    let sealed = [waiting, used].map(|slot| seal(&vault, slot));
    vault.release(released);
    assert!(matches!(vault.commit(&[released]), Err(VaultError::MissingKey(Slot(3)))));
    vault.commit(&[used]).unwrap();
    // Too late: its key is on disk.
    vault.release(waiting);
    let after = fs::read(ring(dir.path(), 0)).unwrap();
    assert_eq!(after.len() as u64, HEADER + 5 * RECORD);
    assert!(after.starts_with(&before));
    drop(vault);
    let vault = Vault::open(dir.path(), &[]).unwrap();
    vault.check_complete(Some(Slot(4)), &[]).unwrap();
    assert!(opens(&vault, waiting, &sealed[0]) && opens(&vault, used, &sealed[1]));
    assert!(matches!(vault.unseal(released, LEDGER, &COMMITMENT, &sealed[0]), Err(VaultError::MissingKey(_))));
    assert_eq!((vault.slot_of(account(3)), vault.reserve(account(3)).unwrap()), (None, Slot(5)));
}

#[test]
fn a_released_number_is_never_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path(), &[]);
    let slot = vault.reserve(account(1)).unwrap();
    assert_eq!(vault.reserve(account(1)).unwrap(), slot);
    let sealed = seal(&vault, slot);
    vault.release(slot);
    assert!(opens(&vault, slot, &sealed), "reserved twice, released once");
    vault.release(slot);
    assert!(matches!(vault.unseal(slot, LEDGER, &COMMITMENT, &sealed), Err(VaultError::MissingKey(_))));
    assert_eq!(vault.reserve(account(1)).unwrap(), Slot(1));
}

#[test]
fn erasing_destroys_one_key_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[2, 2]);
    let sealed: Vec<_> = (0..4).map(|slot| seal(&made, Slot(slot))).collect();
    made.erase(Slot(1)).unwrap();
    made.erase(Slot(1)).unwrap();
    made.commit(&[Slot(1)]).unwrap();
    let check = |vault: &Vault| {
        assert!(matches!(vault.unseal(Slot(1), LEDGER, &COMMITMENT, &sealed[1]), Err(VaultError::Erased(Slot(1)))));
        assert!(matches!(vault.seal(Slot(1), LEDGER, &COMMITMENT, b""), Err(VaultError::Erased(_))));
        assert_eq!(vault.slot_of(account(1)), None);
        for slot in [0, 2, 3] {
            assert!(opens(vault, Slot(slot), &sealed[usize::try_from(slot).unwrap()]));
        }
    };
    check(&made);
    let new = made.reserve(account(9)).unwrap();
    made.commit(&[new]).unwrap();
    drop(made);
    let opened = Vault::open(dir.path(), &[Slot(1)]).unwrap();
    check(&opened);
    opened.check_complete(Some(new), &[Slot(1)]).unwrap();
    // The journal must know every erasure that the ring knows.
    assert!(matches!(opened.check_complete(Some(new), &[]), Err(VaultError::Incomplete { slot: Slot(1), .. })));
    assert!(matches!(opened.erase(Slot(7)), Err(VaultError::MissingKey(Slot(7)))));
}

#[test]
fn the_old_file_key_and_the_old_file_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[3]);
    let path = ring(dir.path(), 0);
    let old = fs::read(&path).unwrap();
    // A second name for the old file, to see what becomes of its blocks.
    let kept = dir.path().join("kept");
    fs::hard_link(&path, &kept).unwrap();
    let wrapping = made.secrets.wrapping.clone();
    let old_key = ring::decode_header(0, &old, &wrapping).unwrap();
    made.erase(Slot(1)).unwrap();

    let new = fs::read(&path).unwrap();
    let new_key = ring::decode_header(0, &new, &wrapping).unwrap();
    assert_ne!(old_key.as_bytes(), new_key.as_bytes());
    assert!(ring::decode_records(0, &old, &new_key).unwrap().entries.is_empty(), "old records, new key");
    let records = ring::decode_records(0, &new, &new_key).unwrap();
    assert!(matches!(records.entries[..], [Entry::Key { .. }, Entry::Erased, Entry::Key { .. }]));
    let scrubbed = fs::read(&kept).unwrap();
    assert!(scrubbed[..96].iter().all(|byte| *byte == 0), "the wrapped key of the old file is overwritten");
    // No record of the old file and no wrapped key of it stands in any file under its real name.
    let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> = names.collect();
    assert_eq!(names, ["kept", "master.key", "pepper", "ring-00000000"].map(String::from).into());
    for name in ["master.key", "pepper", "ring-00000000"] {
        let bytes = fs::read(dir.path().join(name)).unwrap();
        for secret in old[16..].chunks(32) {
            assert!(!bytes.windows(32).any(|window| window == secret), "{name}");
        }
    }
}

#[test]
fn open_destroys_again_what_a_crash_or_a_backup_kept() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[3]);
    let backup = fs::read(ring(dir.path(), 0)).unwrap();
    made.erase(Slot(1)).unwrap();
    drop(made);
    fs::write(ring(dir.path(), 0), &backup).unwrap();
    let opened = Vault::open(dir.path(), &[Slot(1)]).unwrap();
    assert!(matches!(opened.seal(Slot(1), LEDGER, &COMMITMENT, b""), Err(VaultError::Erased(_))));
    drop(opened);
    assert_ne!(fs::read(ring(dir.path(), 0)).unwrap(), backup);
    // On disk too, not only because the caller said so.
    let opened = Vault::open(dir.path(), &[]).unwrap();
    assert!(matches!(opened.seal(Slot(1), LEDGER, &COMMITMENT, b""), Err(VaultError::Erased(_))));
}

#[test]
fn erased_slots_that_a_backup_never_had_keep_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path(), &[2]));
    let erased = [Slot(3), Slot(2)];
    let opened = Vault::open(dir.path(), &erased).unwrap();
    opened.check_complete(Some(Slot(3)), &erased).unwrap();
    let slot = opened.reserve(account(5)).unwrap();
    assert_eq!(slot, Slot(4));
    opened.commit(&[slot]).unwrap();
    drop(opened);
    let opened = Vault::open(dir.path(), &erased).unwrap();
    opened.check_complete(Some(slot), &erased).unwrap();
    assert_eq!(opened.slot_of(account(5)), Some(slot));
    drop(opened);
    let error = Vault::open(dir.path(), &[Slot(9)]).unwrap_err();
    assert!(matches!(error, VaultError::Incomplete { slot: Slot(5), .. }), "{error}");
}

#[test]
fn a_slot_erased_before_it_was_written_leaves_a_tombstone() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[1]);
    let slot = made.reserve(account(7)).unwrap();
    made.erase(slot).unwrap();
    drop(made);
    // On disk, not only because the caller said so.
    let opened = Vault::open(dir.path(), &[]).unwrap();
    assert!(matches!(opened.seal(slot, LEDGER, &COMMITMENT, b""), Err(VaultError::Erased(_))));
}

#[test]
fn a_new_key_takes_over_and_the_old_one_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[2]);
    let new = made.renew(account(0)).unwrap();
    assert_eq!(made.slots_of(account(0)), [Slot(0), new]);
    assert_eq!((made.slot_of(account(0)), made.reserve(account(0)).unwrap()), (Some(new), new));
    made.commit(&[new]).unwrap();
    made.erase(Slot(0)).unwrap();
    drop(made);
    let opened = Vault::open(dir.path(), &[Slot(0)]).unwrap();
    assert_eq!(opened.slots_of(account(0)), [new]);
}

#[test]
fn leftovers_of_an_interrupted_rewrite_are_scrubbed_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[2]);
    let sealed = seal(&made, Slot(0));
    drop(made);
    let whole = fs::read(ring(dir.path(), 0)).unwrap();
    // Interrupted before, in and after writing the new file; a new ring's as well as a rewritten one's.
    for (number, length) in [(0, 0), (0, 100), (0, whole.len()), (1, 50), (1, whole.len())] {
        let tmp = dir.path().join(format!("ring-{number:08x}.tmp"));
        let kept = dir.path().join("kept");
        fs::write(&tmp, &whole[..length]).unwrap();
        fs::hard_link(&tmp, &kept).unwrap();
        let opened = Vault::open(dir.path(), &[]).unwrap();
        opened.check_complete(Some(Slot(1)), &[]).unwrap();
        assert!(opens(&opened, Slot(0), &sealed));
        assert!(!tmp.exists());
        assert!(fs::read(&kept).unwrap()[..96].iter().all(|byte| *byte == 0));
        fs::remove_file(kept).unwrap();
    }
}

#[test]
fn a_torn_tail_is_cut_with_the_next_append_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path(), &[2, 3]));
    let path = ring(dir.path(), 0);
    let whole = fs::read(&path).unwrap();
    for cut in [1, 95, 96, 97, 200, 287, 288] {
        let torn = &whole[..whole.len() - cut];
        fs::write(&path, torn).unwrap();
        let left = 5 - (cut as u64).div_ceil(RECORD);
        let opened = Vault::open(dir.path(), &[]).unwrap();
        opened.check_complete(Some(Slot(left - 1)), &[]).unwrap();
        let error = opened.check_complete(Some(Slot(left)), &[]).unwrap_err();
        assert!(matches!(error, VaultError::Incomplete { slot, .. } if slot == Slot(left)));
        assert_eq!(fs::read(&path).unwrap(), torn, "a start that was refused changed nothing");
        let slot = opened.reserve(account(100)).unwrap();
        assert_eq!(slot, Slot(left));
        opened.commit(&[slot]).unwrap();
        let sealed = seal(&opened, slot);
        drop(opened);
        assert_eq!(fs::metadata(&path).unwrap().len(), HEADER + (left + 1) * RECORD);
        assert!(opens(&Vault::open(dir.path(), &[]).unwrap(), slot, &sealed));
    }
}

#[test]
fn whole_records_of_a_torn_write_do_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path(), &[2, 3]));
    // The write of slots 2 to 4 lost its first sector only.
    flip(&ring(dir.path(), 0), HEADER + 2 * RECORD);
    let opened = Vault::open(dir.path(), &[]).unwrap();
    let slot = opened.reserve(account(100)).unwrap();
    opened.commit(&[slot]).unwrap();
    drop(opened);
    let opened = Vault::open(dir.path(), &[]).unwrap();
    let accounts = [2, 3, 4, 100].map(|number| opened.slot_of(account(number)));
    assert_eq!(accounts, [None, None, None, Some(Slot(2))]);
}

#[test]
fn damage_names_the_file_and_the_slot() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path(), &[2, 1]));
    let path = ring(dir.path(), 0);
    flip(&path, HEADER + RECORD + 40);
    let error = Vault::open(dir.path(), &[]).unwrap_err();
    assert!(matches!(error, VaultError::DamagedSlot { slot: Slot(1), .. }));
    assert_eq!(error.to_string(), format!("{} is damaged at slot 1: restore it from a backup", path.display()));
    flip(&path, HEADER + RECORD + 40);
    flip(&path, 50);
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::Damaged { what: "header checksum", .. })));
    flip(&path, 50);
    // In the last write it looks like a torn tail; the journal knows better.
    flip(&path, HEADER + 2 * RECORD + 40);
    let opened = Vault::open(dir.path(), &[]).unwrap();
    assert!(matches!(opened.check_complete(Some(Slot(2)), &[]), Err(VaultError::Incomplete { slot: Slot(2), .. })));
}

#[test]
fn damage_in_a_rewritten_ring_names_its_slot() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[4]);
    made.erase(Slot(3)).unwrap();
    drop(made);
    for slot in 0..3 {
        flip(&ring(dir.path(), 0), HEADER + slot * RECORD);
        let error = Vault::open(dir.path(), &[]).unwrap_err();
        assert!(matches!(error, VaultError::DamagedSlot { slot: Slot(named), .. } if named == slot));
        flip(&ring(dir.path(), 0), HEADER + slot * RECORD);
    }
}

#[test]
fn a_lost_ring_file_or_a_foreign_master_key_stops_the_start() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(vault(dir.path(), &[2]));
    drop(vault(other.path(), &[2]));
    fs::copy(ring(other.path(), 0), ring(dir.path(), 0)).unwrap();
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::WrongMasterKey(_))));
    fs::rename(ring(dir.path(), 0), ring(dir.path(), 1)).unwrap();
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::Damaged { .. })));
    fs::rename(ring(dir.path(), 1), dir.path().join("ring-0")).unwrap();
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::Damaged { .. })));
    fs::remove_file(dir.path().join("ring-0")).unwrap();
    let opened = Vault::open(dir.path(), &[]).unwrap();
    opened.check_complete(None, &[]).unwrap();
    assert!(matches!(opened.check_complete(Some(Slot(1)), &[]), Err(VaultError::Incomplete { slot: Slot(0), .. })));
    let error = opened.check_complete(Some(Slot(u64::MAX)), &[]).unwrap_err();
    assert!(matches!(error, VaultError::Incomplete { slot: Slot(0), .. }));
}

#[test]
fn create_refuses_where_a_vault_is_or_was() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(&dir.path().join("new/vault"), &[1]));
    let path = dir.path().join("new/vault");
    assert!(matches!(Vault::create(&path), Err(VaultError::Exists(_))));
    let master = fs::read(path.join("master.key")).unwrap();
    fs::remove_file(path.join("master.key")).unwrap();
    assert!(matches!(Vault::create(&path), Err(VaultError::Exists(_))), "ring files are left");
    assert!(matches!(Vault::open(&path, &[]), Err(VaultError::Io { .. })));
    fs::remove_file(ring(&path, 0)).unwrap();
    // As an interrupted creation leaves it.
    fs::write(path.join("master.key.tmp"), master).unwrap();
    drop(Vault::create(&path).unwrap());
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn after_a_failed_write_nothing_more_is_written_and_sealing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path(), &[1]);
    let sealed = seal(&vault, Slot(0));
    // The rewrite cannot make its file.
    fs::create_dir(dir.path().join("ring-00000000.tmp")).unwrap();
    let slot = vault.reserve(account(1)).unwrap();
    vault.commit(&[slot]).unwrap();
    assert!(matches!(vault.erase(slot), Err(VaultError::Io { .. })));
    fs::remove_dir(dir.path().join("ring-00000000.tmp")).unwrap();
    let next = vault.reserve(account(2)).unwrap();
    assert!(matches!(vault.commit(&[next]), Err(VaultError::Stopped)));
    assert!(matches!(vault.erase(Slot(0)), Err(VaultError::Stopped)));
    vault.commit(&[Slot(0)]).unwrap();
    assert!(opens(&vault, Slot(0), &sealed));
    assert!(matches!(vault.seal(slot, LEDGER, &COMMITMENT, b""), Err(VaultError::Erased(_))));
    drop(vault);
    // The key was still on disk; open destroys it again.
    let opened = Vault::open(dir.path(), &[slot]).unwrap();
    opened.check_complete(Some(slot), &[slot]).unwrap();
}

#[test]
fn threads_seal_while_others_commit_and_erase() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Arc::new(vault(dir.path(), &[1]));
    let done = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (vault, done) = (Arc::clone(&vault), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut kept = Vec::new();
                // Two threads share each account, so that they race for its slot.
                for number in (0..).take_while(|number| *number < 40 || !done.load(Ordering::Relaxed)) {
                    let id = account(1000 * (1 + thread / 2) + number % 40);
                    let slot = vault.reserve(id).unwrap();
                    kept.push((id, slot, seal(&vault, slot)));
                    if number % 7 == 0 {
                        vault.commit(&[slot]).unwrap();
                    }
                    assert!(opens(&vault, slot, &kept.last().unwrap().2));
                }
                vault.commit(&kept.iter().map(|(_, slot, _)| *slot).collect::<Vec<_>>()).unwrap();
                kept
            })
        })
        .collect();
    for number in 0..10 {
        let slot = vault.reserve(account(number)).unwrap();
        vault.commit(&[slot]).unwrap();
        vault.erase(slot).unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let kept: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let all = (0..vault.table().len()).map(Slot);
    let erased: Vec<_> = all.filter(|slot| matches!(vault.table().get(*slot), Some(Entry::Erased))).collect();
    assert_eq!(erased.len(), 10);
    drop(vault);
    let opened = Vault::open(dir.path(), &erased).unwrap();
    opened.check_complete(kept.iter().map(|(_, slot, _)| *slot).max(), &erased).unwrap();
    for (id, slot, sealed) in &kept {
        assert_eq!(opened.slots_of(*id), [*slot], "one account, one slot");
        assert!(opens(&opened, *slot, sealed));
    }
}

#[test]
fn a_hundred_thousand_slots_fill_one_ring_and_begin_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[65_530, 34_470]);
    let at = [0, 65_535, 65_536, 99_999].map(Slot);
    let sealed = at.map(|slot| seal(&made, slot));
    assert_eq!(fs::metadata(ring(dir.path(), 0)).unwrap().len(), HEADER + 65_536 * RECORD);
    assert_eq!(fs::metadata(ring(dir.path(), 1)).unwrap().len(), HEADER + 34_464 * RECORD);
    made.erase_all(&[Slot(65_536), Slot(99_999)]).unwrap();
    drop(made);
    let opened = Vault::open(dir.path(), &[Slot(65_536), Slot(99_999)]).unwrap();
    opened.check_complete(Some(Slot(99_999)), &[Slot(65_536), Slot(99_999)]).unwrap();
    let open: Vec<_> = at.iter().zip(&sealed).map(|(slot, sealed)| opens(&opened, *slot, sealed)).collect();
    assert_eq!(open, [true, true, false, false]);
    drop(opened);
    // A ring before the last one can have no torn tail.
    let first = OpenOptions::new().write(true).open(ring(dir.path(), 0)).unwrap();
    first.set_len(HEADER + 4 * RECORD + 5).unwrap();
    assert!(matches!(Vault::open(dir.path(), &[]), Err(VaultError::DamagedSlot { slot: Slot(4), .. })));
}

#[test]
fn lookups_are_normalised_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let made = vault(dir.path(), &[]);
    let document = made.document_hmac("resident-id", "11010519491231002X");
    let source = made.source_hmac("issuer", 1, "2026-1");
    assert_eq!(made.document_hmac("resident-id", "１１０１０５-19491231-002x"), document);
    assert_ne!(made.document_hmac("passport", "11010519491231002X"), document);
    assert_ne!(made.source_hmac("issuer", 1, "20261"), source, "an issuer's own numbers are taken as they are");
    drop(made);
    let opened = Vault::open(dir.path(), &[]).unwrap();
    assert_eq!(opened.document_hmac("resident-id", "11010519491231002X"), document);
    assert_eq!(opened.source_hmac("issuer", 1, "2026-1"), source);
}

#[test]
fn nothing_secret_prints() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path(), &[1]);
    assert!(format!("{vault:?}").starts_with("Vault { dir: "));
    assert!(format!("{:?}", vault.table()).contains("key: …"));
    assert!(format!("{:?}", vault.secrets).contains("pepper: Pepper(…)"));
}
