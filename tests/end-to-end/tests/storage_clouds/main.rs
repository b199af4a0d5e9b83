//! `gs://` and `abfs://` on servers of this machine, with the account in an Airflow connection.
//!
//! The client for Google speaks the XML interface of Cloud Storage, whose requests are those of S3: moto answers them. That shows how
//! requests and answers are put together. moto takes no tokens of Google: a gate before it, which is a stand-in, looks at those of a service
//! account. Azure has an emulator of its own, Azurite: the program that `AILERON_AZURITE` names, or `azurite-blob` on the path. Without one
//! that test says that it was skipped.

mod gate;

use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aileron::testing::Airflow;
use aileron_config::Config;
use aileron_object_storage::Account;
use aileron_object_storage::object_store::{
    Error as StoreError, ObjectStore as _, ObjectStoreExt as _,
};
use aileron_uri::ConnectionFields;
use aileron_xcom::storage::{Coordinate, Fingerprint, ObjectStorage, Problem, Settings};
use anyhow::{Context as _, Result, anyhow, ensure};
use end_to_end::{AirflowVersion, Deadline, ObjectStore, workspace_root};
use futures_util::TryStreamExt as _;
use gate::{Gate, ServiceAccount};
use serde_json::{Value, json};

const TASK: Coordinate<'_> = Coordinate {
    dag_id: "d",
    run_id: "manual__2026-01-01T00:00:00+00:00",
    task_id: "t",
    ti_id: None,
};

/// A place in a store, and the connection to it.
struct Cloud {
    base: &'static str,
    conn_type: &'static str,
    extra: Value,
}

impl Cloud {
    async fn everything(&self) -> Result<()> {
        let storage = self.storage()?;
        objects(&storage).await?;
        raw(&storage).await?;
        self.xcoms(&storage).await
    }

    fn storage(&self) -> Result<ObjectStorage> {
        let settings = Settings::of_xcoms(&Config::with_environment([(
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
            self.base,
        )]))?;
        let account = Account::new(ConnectionFields {
            conn_type: self.conn_type.to_owned(),
            extra: Some(self.extra.to_string()),
            ..ConnectionFields::default()
        })?;
        Ok(ObjectStorage::open(&settings, Some(&account))?)
    }

    /// As tasks do it, with the connection that Airflow has.
    async fn xcoms(&self, storage: &ObjectStorage) -> Result<()> {
        let airflow = Airflow::new()
            .connection("xcom_store", self.conn_type, |connection| {
                connection.extra = Some(self.extra.to_string());
            })
            .config(
                "core",
                "xcom_backend",
                "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
            )
            .config("common.io", "xcom_objectstorage_path", self.base)
            .config("common.io", "xcom_objectstorage_threshold", "1000")
            .config("common.io", "xcom_objectstorage_compression", "gzip");
        let rows: Vec<(u64, String)> = (0..1_000).map(|id| (id, format!("näme {id}"))).collect();
        let context = airflow.context("extract");
        context.xcom().push("small", &1).await.map_err(told)?;
        context.xcom().push("rows", &rows).await.map_err(told)?;
        ensure!(airflow.stored("extract", "small") == Some(json!(1)));
        let stored = airflow.stored("extract", "rows").context("rows")?;
        let reference = stored.as_str().unwrap_or_default().to_owned();
        ensure!(
            reference.starts_with(self.base) && reference.ends_with(".gz"),
            "{reference}"
        );

        let context = airflow.context("load");
        let pull = context.xcom().from("extract").key("rows");
        let came: Vec<(u64, String)> = pull.require().await.map_err(told)?;
        ensure!(came == rows);

        airflow
            .context("extract")
            .xcom()
            .delete("rows")
            .await
            .map_err(told)?;
        let object = storage.reference(&reference).context("it is a reference")?;
        missing(storage, &object).await
    }
}

fn told(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error}")
}

async fn missing(storage: &ObjectStorage, object: &aileron_xcom::storage::Reference) -> Result<()> {
    let gone = storage.read(object).await.err();
    let gone = gone.with_context(|| format!("{} is still there", object.as_str()))?;
    ensure!(matches!(gone.problem, Problem::Missing), "{gone}");
    Ok(())
}

/// Put, get, list and delete, with names that a URL has to spell in another way.
async fn objects(storage: &ObjectStorage) -> Result<()> {
    let place = storage.place();
    let names = ["d/run+1 2026:00/t/ä%20=&?.gz", "d/other/t/b"];
    for name in names {
        place.store.put(&place.below(name)?, name.into()).await?;
    }
    let mut listed = Vec::new();
    let mut list = place.store.list(Some(&place.path));
    while let Some(object) = list.try_next().await? {
        listed.push((object.location, object.size));
    }
    listed.sort();
    let mut expected = Vec::new();
    for name in names {
        expected.push((place.below(name)?, name.len() as u64));
    }
    expected.sort();
    ensure!(listed == expected, "{listed:?}");
    for name in names {
        let path = place.below(name)?;
        ensure!(place.store.get(&path).await?.bytes().await? == name);
        ensure!(place.store.get_range(&path, 1..3).await? == name.as_bytes()[1..3]);
        place.store.delete(&path).await?;
        let gone = place.store.get(&path).await.err();
        ensure!(
            matches!(gone, Some(StoreError::NotFound { .. })),
            "{gone:?}"
        );
    }
    Ok(())
}

/// Several parts; and a part that never comes leaves no object.
async fn raw(storage: &ObjectStorage) -> Result<()> {
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|at| (at % 251) as u8).collect();
    let object = storage.raw(&TASK, -1, ".bin")?;
    let written = storage.write_raw(&object, &bytes[..]).await?;
    ensure!(written == Fingerprint::of(&bytes));
    ensure!(storage.read_raw_bytes(&object).await? == bytes);
    let mut streamed = Vec::new();
    ensure!(storage.read_raw(&object, &mut streamed).await? == written);
    ensure!(streamed == bytes);
    storage.clear_raw(&TASK, -1).await?;
    missing(storage, &object).await
}

#[tokio::test]
async fn google_cloud_storage() -> Result<()> {
    let store = ObjectStore::start("xcoms")?;
    // Whoever says nothing may do everything.
    ureq::put(format!("{}/xcoms?acl", store.url()))
        .header("x-amz-acl", "public-read-write")
        .send_empty()?;
    let account = ServiceAccount::new()?;
    let gate = Gate::start(store.url(), &account).await?;
    let of = |key: Value| Cloud {
        base: "gs://xcom_store@xcoms/some/prefix",
        conn_type: "google_cloud_platform",
        extra: json!({"keyfile_dict": key.to_string()}),
    };
    of(account.key_file(&gate.url)).everything().await?;
    let (passed, refused) = gate.requests();
    ensure!(passed > 10 && refused == 0, "{passed}, {refused}");

    // The key of another account.
    let storage = of(ServiceAccount::new()?.key_file(&gate.url)).storage()?;
    let object = storage.object("x")?;
    let error = storage.read(&object).await.err().context("it was read")?;
    let said = error.to_string();
    ensure!(
        said.contains("another key has signed it") && said.contains(object.as_str()),
        "{said}"
    );
    Ok(())
}

/// The account that Azurite has, with the key that its documentation names.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Azurite. It ends with the value.
struct Azurite(Child);

impl Drop for Azurite {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn azurite() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("AILERON_AZURITE") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let mut programs = std::env::split_paths(&path).map(|directory| directory.join("azurite-blob"));
    programs.find(|program| program.is_file())
}

impl Azurite {
    fn start(program: PathBuf, port: u16) -> Result<Self> {
        let mut options = vec!["--inMemoryPersistence", "--silent", "--disableTelemetry"];
        // It refuses versions of the interface that are newer than it is.
        options.push("--skipApiVersionCheck");
        let port_text = port.to_string();
        options.extend(["--blobHost", "127.0.0.1", "--blobPort", &port_text]);
        let child = Command::new(program)
            .args(options)
            .stdout(Stdio::null())
            .spawn()?;
        let azurite = Self(child);
        Deadline::after(Duration::from_secs(60)).wait_for("Azurite listens", || {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            Ok(connected.ok().map(drop))
        })?;
        Ok(azurite)
    }
}

#[tokio::test]
async fn azure_blob_storage() -> Result<()> {
    let Some(program) = azurite() else {
        eprintln!("SKIPPED: no Azurite; abfs:// was not tried on a server");
        return Ok(());
    };
    let port = free_port()?;
    let _azurite = Azurite::start(program, port)?;
    let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    create_container(&endpoint, "xcoms")?;
    let text = format!(
        "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
    );
    let cloud = Cloud {
        base: "abfs://xcom_store@xcoms/some/prefix",
        conn_type: "wasb",
        extra: json!({"connection_string": text}),
    };
    cloud.everything().await
}

/// `object_store` makes none.
fn create_container(endpoint: &str, container: &str) -> Result<()> {
    let script = workspace_root().join("tests/end-to-end/python/azure_container.py");
    let made = Command::new(AirflowVersion::V3_3_2.python()?)
        .arg(script)
        .args([endpoint, KEY, container])
        .output()?;
    ensure!(made.status.success(), "{made:?}");
    Ok(())
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
