//! Uploading a file behind what is there already.

use std::path::Path as FilePath;
use std::sync::Arc;

use aileron_object_storage::object_store::buffered::BufWriter;
use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{self, ObjectStore, ObjectStoreExt as _};
use futures_util::StreamExt as _;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::RemoteLogError;

/// How much of the file is read at once.
const CHUNK: usize = 1 << 20;

/// Puts the file behind the object, or in its place where the file begins with it: a task that was resumed on the same machine
/// has gone on in the same file.
///
/// The object is replaced as a whole at the end; whoever reads it meanwhile reads the old one.
pub(super) async fn append(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    file: &FilePath,
) -> Result<(), RemoteLogError> {
    let mut local = match File::open(file).await {
        Ok(local) => local,
        // A task that said nothing has no log.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut writer = BufWriter::new(Arc::clone(store), path.clone());
    if there_and_other(store, path, file).await? {
        let mut old = store.get(path).await?.into_stream();
        while let Some(bytes) = old.next().await {
            writer.put(bytes?).await?;
        }
    }
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = local.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        writer.write_all(&buffer[..count]).await?;
    }
    writer.shutdown().await?;
    Ok(())
}

/// Whether there is an object with which the file does not begin.
async fn there_and_other(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    file: &FilePath,
) -> Result<bool, RemoteLogError> {
    let old = match store.get(path).await {
        Ok(old) => old,
        Err(object_store::Error::NotFound { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if old.meta.size > tokio::fs::metadata(file).await?.len() {
        return Ok(true);
    }
    let mut local = File::open(file).await?;
    let mut old = old.into_stream();
    let mut buffer = Vec::new();
    while let Some(bytes) = old.next().await {
        let bytes = bytes?;
        buffer.resize(bytes.len(), 0);
        local.read_exact(&mut buffer).await?;
        if buffer != bytes {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    async fn after(old: Option<&[u8]>, new: &[u8]) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("l.log");
        std::fs::write(&file, new).unwrap();
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let path = Path::parse("a/l.log").unwrap();
        if let Some(old) = old {
            store.put(&path, old.to_vec().into()).await.unwrap();
        }
        append(&store, &path, &file).await.unwrap();
        store
            .get(&path)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec()
    }

    #[tokio::test]
    async fn what_an_earlier_process_logged_stays_in_front() {
        assert_eq!(after(None, b"1\n").await, b"1\n");
        assert_eq!(after(Some(b"1\n"), b"2\n").await, b"1\n2\n");
        assert_eq!(after(Some(b"long ago\n"), b"2\n").await, b"long ago\n2\n");
    }

    #[tokio::test]
    async fn what_is_in_the_file_already_is_not_uploaded_twice() {
        assert_eq!(after(Some(b"1\n"), b"1\n2\n").await, b"1\n2\n");
        assert_eq!(after(Some(b"1\n"), b"1\n").await, b"1\n");
    }

    #[tokio::test]
    async fn a_log_of_many_megabytes_arrives_whole() {
        let line = [b'x'; 1023];
        let mut large = Vec::new();
        for _ in 0..24 << 10 {
            large.extend_from_slice(&line);
            large.push(b'\n');
        }
        assert!(after(Some(b"0\n"), &large).await == [b"0\n".as_slice(), &large].concat());
    }

    #[tokio::test]
    async fn a_task_that_said_nothing_uploads_nothing() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let path = Path::parse("a/l.log").unwrap();
        append(&store, &path, FilePath::new("/nowhere/l.log"))
            .await
            .unwrap();
        assert!(store.get(&path).await.is_err());
    }
}
