use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::testing::Airflow;
use crate::{Context, StoredObject};

fn context(directory: &Path) -> Context {
    let base = format!("file://{}", directory.display());
    Airflow::new()
        .config("core", "xcom_backend", aileron_xcom::XCOM_BACKEND)
        .config("common.io", "xcom_objectstorage_path", &base)
        .context("t")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn refused_file(cx: &Context, object: &StoredObject, target: &Path) -> String {
    let refused = cx.objects().get_file(object, target).await;
    refused.unwrap_err().to_string()
}

#[tokio::test(flavor = "current_thread")]
async fn two_at_once_into_the_same_file_leave_one_whole() {
    let (store, local) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = context(store.path());
    // Of several chunks, and not equally long: what is mixed has another length or other bytes.
    let [long, short] = [(b'l', 3_000_000), (b's', 1_500_001)].map(|(byte, size)| vec![byte; size]);
    let objects = cx.objects();
    let (of_long, of_short) = (objects.put(&long).await, objects.put(&short).await);
    let (of_long, of_short) = (of_long.unwrap(), of_short.unwrap());
    let target = local.path().join("target");
    for _ in 0..8 {
        let (first, second) = tokio::join!(
            objects.get_file(&of_long, &target),
            objects.get_file(&of_short, &target)
        );
        first.unwrap();
        second.unwrap();
        let found = std::fs::read(&target).unwrap();
        assert!(found == long || found == short, "{} bytes", found.len());
        assert_eq!(names(local.path()), ["target"]);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_that_fails_does_not_disturb_the_other_and_leaves_nothing() {
    let (store, local) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = context(store.path());
    let good = cx.objects().put(vec![7; 2_000_000]).await.unwrap();
    let mut wrong = good.clone();
    wrong.sha256 = "0".repeat(64);
    let mut missing = good.clone();
    missing.uri.push('x');
    let target = local.path().join("target");
    for bad in [&wrong, &missing] {
        let objects = cx.objects();
        let (came, refused) = tokio::join!(
            objects.get_file(&good, &target),
            objects.get_file(bad, &target)
        );
        came.unwrap();
        assert!(refused.unwrap_err().to_string().contains(&bad.uri));
        assert_eq!(std::fs::read(&target).unwrap(), vec![7; 2_000_000]);
        assert_eq!(names(local.path()), ["target"]);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_that_is_cancelled_leaves_nothing() {
    let (store, local) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = context(store.path());
    let object = cx.objects().put(vec![7; 2_000_000]).await.unwrap();
    let objects = cx.objects();
    {
        let mut reading = Box::pin(objects.get_file(&object, local.path().join("target")));
        assert!(futures_util::poll!(&mut reading).is_pending());
        assert_eq!(names(local.path()).len(), 1, "it has begun");
    }
    assert_eq!(names(local.path()), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_has_the_rights_of_any_new_one() {
    let (store, local) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = context(store.path());
    let object = cx.objects().put(b"1").await.unwrap();
    let [ours, other] = ["ours", "other"].map(|name| local.path().join(name));
    cx.objects().get_file(&object, &ours).await.unwrap();
    std::fs::write(&other, b"1").unwrap();
    let [ours, other] = [ours, other].map(|path| path.metadata().unwrap().permissions().mode());
    assert_eq!(ours, other);
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_that_cannot_be_used_is_named_with_what_to_do() {
    let (store, local) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = context(store.path());
    let object = cx.objects().put(b"1").await.unwrap();
    let absent = local.path().join("absent");
    let within = absent.join("target");

    let text = refused_file(&cx, &object, &within).await;
    assert!(text.contains(within.to_str().unwrap()), "{text}");
    assert!(text.ends_with("make its directory before"), "{text}");
    let text = refused_file(&cx, &object, local.path()).await;
    assert!(text.ends_with("give the path of a file in it"), "{text}");

    let text = cx
        .objects()
        .put_file(&absent)
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains(absent.to_str().unwrap()), "{text}");
    assert!(text.contains("pass it as an object"), "{text}");
    // Opening it works, and reading it does not.
    let text = cx.objects().put_file(local.path()).await.unwrap_err();
    let text = text.to_string();
    assert!(text.contains(local.path().to_str().unwrap()), "{text}");
    assert!(text.contains("one archive of it"), "{text}");
    assert_eq!(names(local.path()), [""; 0]);
}
