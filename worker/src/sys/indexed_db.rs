//! What every database of the browser needs: opening, migrating, and knowing that it is on disk.

use idb::{Database, DatabaseEvent as _, Error as IdbError, Factory, Transaction};

use crate::StoreError;

/// Opens a database, and has `migrate` bring it from an older version to `version` where that is
/// needed.
///
/// # Errors
/// The browser gives this page none.
pub async fn open(
    name: &str,
    version: u32,
    migrate: fn(&Database, u32) -> Result<(), IdbError>,
) -> Result<Database, StoreError> {
    let mut request = Factory::new()?.open(name, Some(version))?;
    request.on_upgrade_needed(move |event| {
        let from = event.old_version().unwrap_or(0);
        let migrated = event
            .database()
            .and_then(|database| migrate(&database, from));
        // A failed migration aborts the upgrade, and opening fails with it.
        if let Err(error) = migrated {
            wasm_bindgen::throw_str(&error.to_string());
        }
    });
    let mut database = request.await?;
    // Another tab with a newer version must not wait for this one.
    database.on_version_change(|event| {
        if let Ok(database) = event.database() {
            database.close();
        }
    });
    Ok(database)
}

impl From<IdbError> for StoreError {
    fn from(error: IdbError) -> Self {
        let words = error.to_string();
        if words.contains("QuotaExceeded") {
            Self::Full
        } else {
            Self::Failed(words)
        }
    }
}

/// Waits until a transaction is on disk; its abort is a failure.
///
/// # Errors
/// There is no room for it.
pub async fn finish(transaction: Transaction) -> Result<(), StoreError> {
    let result = transaction.commit()?.await?;
    if result.is_committed() {
        Ok(())
    } else {
        // The browser aborts a transaction by itself only when there is no room for it.
        Err(StoreError::Full)
    }
}
