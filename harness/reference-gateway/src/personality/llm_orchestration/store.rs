//! The service's database: tokens used by each tenant, providers that were created, templates, cached answers.

use redb::backends::InMemoryBackend;
use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::failure::{Code, Failure};
use crate::seed::llm_orchestration as seed;

const USED: TableDefinition<'_, &str, u64> = TableDefinition::new("used");
const PROVIDERS: TableDefinition<'_, &str, &str> = TableDefinition::new("providers");
const TEMPLATES: TableDefinition<'_, &str, &str> = TableDefinition::new("templates");
const ANSWERS: TableDefinition<'_, &str, &str> = TableDefinition::new("answers");

pub(super) struct Store(Database);

/// How the service stands with its database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Whether there is a connection.
    pub(super) connected: bool,
    /// Whether transactions can be committed.
    pub(super) commits: bool,
}

/// What became of a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    New,
    Taken,
}

impl Store {
    /// A database in memory, with the templates of the seed and the quota that it spends.
    pub(super) fn open() -> std::io::Result<Self> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        let database = database.map_err(std::io::Error::other)?;
        let store = Self(database);
        let seeded = store.write(Reach { connected: true, commits: true }, seed);
        seeded.map_err(|failure| std::io::Error::other(failure.message))?;
        Ok(store)
    }

    /// Tokens that the tenant has used in this month.
    pub(super) fn used(&self, reach: Reach, tenant: &str) -> Result<u64, Failure> {
        self.read(reach, |it| Ok(it.open_table(USED)?.get(tenant)?.map_or(0, |used| used.value())))
    }

    /// Books tokens of the tenant.
    pub(super) fn book(&self, reach: Reach, tenant: &str, tokens: u64) -> Result<(), Failure> {
        self.write(reach, |it| {
            let mut used = it.open_table(USED)?;
            let before = used.get(tenant)?.map_or(0, |used| used.value());
            used.insert(tenant, before.saturating_add(tokens))?;
            Ok(())
        })
    }

    pub(super) fn providers(&self, reach: Reach) -> Result<Vec<(String, String)>, Failure> {
        self.read(reach, |it| {
            let rows = it.open_table(PROVIDERS)?;
            let mut listed = Vec::new();
            for row in rows.iter()? {
                let (name, url) = row?;
                listed.push((name.value().to_owned(), url.value().to_owned()));
            }
            Ok(listed)
        })
    }

    pub(super) fn provider(&self, reach: Reach, name: &str) -> Result<Option<String>, Failure> {
        self.read(reach, |it| Ok(it.open_table(PROVIDERS)?.get(name)?.map(|url| url.value().to_owned())))
    }

    /// Creates a provider unless its name is taken.
    pub(super) fn create(&self, reach: Reach, name: &str, url: &str) -> Result<Created, Failure> {
        self.write(reach, |it| {
            let mut providers = it.open_table(PROVIDERS)?;
            if providers.get(name)?.is_some() {
                return Ok(Created::Taken);
            }
            providers.insert(name, url)?;
            Ok(Created::New)
        })
    }

    /// Writes a provider under its name, whoever had it; only a flawed service does.
    pub(super) fn replace(&self, reach: Reach, name: &str, url: &str) -> Result<(), Failure> {
        self.write(reach, |it| it.open_table(PROVIDERS)?.insert(name, url).map(drop).map_err(Into::into))
    }

    pub(super) fn template(&self, reach: Reach, id: &str) -> Result<Option<String>, Failure> {
        self.read(reach, |it| Ok(it.open_table(TEMPLATES)?.get(id)?.map(|text| text.value().to_owned())))
    }

    pub(super) fn answer(&self, reach: Reach, key: &str) -> Result<Option<String>, Failure> {
        self.read(reach, |it| Ok(it.open_table(ANSWERS)?.get(key)?.map(|answer| answer.value().to_owned())))
    }

    pub(super) fn keep(&self, reach: Reach, key: &str, answer: &str) -> Result<(), Failure> {
        self.write(reach, |it| it.open_table(ANSWERS)?.insert(key, answer).map(drop).map_err(Into::into))
    }

    /// Forgets everything but the seed.
    pub(super) fn reset(&self) -> Result<(), Failure> {
        self.write(Reach { connected: true, commits: true }, |it| {
            it.delete_table(USED)?;
            it.delete_table(PROVIDERS)?;
            it.delete_table(ANSWERS)?;
            seed(it)
        })
    }

    fn read<T>(
        &self,
        reach: Reach,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, Failure> {
        let read = |database: &Database| work(&database.begin_read()?);
        read(self.connected(reach)?).map_err(|_| no_database())
    }

    fn write<T>(
        &self,
        reach: Reach,
        work: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, Failure> {
        let transaction = self.connected(reach)?.begin_write().map_err(|_| no_database())?;
        let done = work(&transaction).map_err(|_| no_database())?;
        let ended = if reach.commits { transaction.commit().is_ok() } else { transaction.abort().is_err() };
        if ended {
            Ok(done)
        } else {
            Err(Failure::new(Code::TransactionFailed, "The transaction was rolled back."))
        }
    }

    fn connected(&self, reach: Reach) -> Result<&Database, Failure> {
        if reach.connected { Ok(&self.0) } else { Err(no_database()) }
    }
}

fn seed(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(USED)?.insert(seed::QUOTA_SPENT_TENANT, seed::MONTHLY_TOKENS)?;
    // Tables that are read have to be there.
    transaction.open_table(PROVIDERS)?;
    transaction.open_table(ANSWERS)?;
    let mut templates = transaction.open_table(TEMPLATES)?;
    for (id, text) in seed::TEMPLATES {
        templates.insert(id, text)?;
    }
    Ok(())
}

fn no_database() -> Failure {
    Failure::new(Code::DatabaseError, "The database cannot be reached.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Reach = Reach { connected: true, commits: true };

    #[test]
    fn what_is_not_committed_is_not_there() {
        let store = Store::open().unwrap();
        let failing = Reach { commits: false, ..WELL };
        assert_eq!(store.create(failing, "a", "u").unwrap_err().code, Code::TransactionFailed);
        assert_eq!(store.create(WELL, "a", "u").unwrap(), Created::New);
        assert_eq!(store.create(WELL, "a", "v").unwrap(), Created::Taken);
        assert_eq!(store.provider(WELL, "a").unwrap().as_deref(), Some("u"));
        store.book(WELL, "t", 7).unwrap();
        assert_eq!(store.used(WELL, "t").unwrap(), 7);
        store.reset().unwrap();
        assert_eq!((store.providers(WELL).unwrap().len(), store.used(WELL, "t").unwrap()), (0, 0));
        assert_eq!(store.used(WELL, seed::QUOTA_SPENT_TENANT).unwrap(), seed::MONTHLY_TOKENS);
    }

    #[test]
    fn without_a_connection_nothing_is_read() {
        let store = Store::open().unwrap();
        let down = Reach { connected: false, ..WELL };
        assert_eq!(store.template(down, "greeting").unwrap_err().code, Code::DatabaseError);
        assert!(store.template(WELL, "greeting").unwrap().is_some());
        assert!(store.template(WELL, "nope").unwrap().is_none());
    }
}
