//! Tokens.

use aileron_client::{ApiToken, Client, ClientSettings, ConnectionTestState};
use aileron_execution_api::{ErrorKind, ExecutionApi as _};

use crate::run::{kind, on_every_version};

#[test]
fn tokens_are_only_good_for_what_they_are_for() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        client.health().await.unwrap();
        let id = client.ti_id();
        assert_eq!(kind(client.connection_test(id).await), ErrorKind::Forbidden);
        let ended = client
            .end_connection_test(id, ConnectionTestState::Success, Some("fine"))
            .await;
        assert_eq!(kind(ended), ErrorKind::Forbidden);
        let expected = if run.is_3_4() {
            ErrorKind::Forbidden
        } else {
            ErrorKind::Unsupported
        };
        assert_eq!(kind(client.run_callback(id).await), expected);

        let workload = run.client("one");
        // A connection test's id has to be the subject of the token.
        assert_eq!(
            kind(workload.connection_test(workload.ti_id()).await),
            ErrorKind::NotFound
        );
        let nonsense = ApiToken::new("nonsense".to_owned()).unwrap();
        let stranger = Client::new(&run.url, id, nonsense, &ClientSettings::default()).unwrap();
        let error = stranger.variable("k").await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Forbidden),
            "{error}"
        );
    });
}
