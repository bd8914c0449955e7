//! What every database must do, whichever it is: cases that take an open store.

pub(crate) mod audit;
pub(crate) mod connections;
pub(crate) mod connectors;
pub(crate) mod customers;
pub(crate) mod integrations;
pub(crate) mod workspaces;

/// Makes a test of every case, in a module `$backend`, with stores that `$open` opens.
macro_rules! contract {
    ($backend:ident, $open:path) => {
        mod $backend {
            crate::contract::cases! { $open,
                workspaces {
                    a_workspace_is_found_by_id_and_key,
                    a_key_is_given_once,
                    a_failed_workspace_leaves_nothing_behind,
                    the_secret_can_be_replaced,
                    keys_of_a_workspace_are_kept_and_listed,
                    a_key_without_private_half_has_none,
                    nothing_can_be_put_into_a_workspace_that_is_not_there,
                }
                customers {
                    a_customer_is_made_at_first_sight_and_kept,
                    a_token_without_fields_leaves_them,
                    activity_is_written_at_most_once_a_step,
                    a_patch_changes_what_it_names,
                    a_customer_can_be_archived_and_restored,
                    search_takes_text_literally_and_in_any_case,
                    credentials_come_and_go,
                    pages_walk_through_everything_once,
                    customers_of_another_workspace_are_not_found,
                }
                connectors {
                    a_connector_keeps_its_id_over_pushes,
                    a_published_version_does_not_change,
                    a_name_alone_changes_the_connector_but_not_its_revision,
                    a_connector_is_found_by_id_key_and_uuid,
                    two_connectors_cannot_have_one_uuid,
                    an_archived_connector_comes_back_with_a_push,
                    a_bundle_reads_back_in_its_order,
                }
                integrations {
                    a_key_is_given_to_one_unarchived_integration,
                    restoring_into_a_taken_key_is_a_conflict,
                    a_patch_changes_what_it_names,
                    parameters_are_kept_apart,
                    a_connector_must_be_there,
                    lists_leave_archived_ones_out_unless_asked,
                }
                connections {
                    a_connection_reads_back_with_its_secrets,
                    customer_and_integration_must_be_of_the_workspace,
                    new_credentials_move_the_generation,
                    of_many_with_one_generation_one_wins,
                    a_lost_race_writes_nothing,
                    archiving_erases_the_secrets,
                    a_replaced_connection_is_archived_with_it,
                    a_replacement_that_fails_archives_nothing,
                    a_patch_changes_what_it_names,
                    filters_combine,
                    pages_walk_through_everything_once,
                    a_cursor_of_another_list_is_refused,
                }
                audit {
                    entries_read_back_whoever_wrote_them,
                    entries_are_filtered_by_subject,
                }
            }
        }
    };
}
pub(crate) use contract;

macro_rules! cases {
    ($open:path, $($noun:ident { $($case:ident,)* })*) => {
        $(mod $noun {
            $(#[tokio::test]
            async fn $case() {
                crate::contract::$noun::$case($open().await).await;
            })*
        })*
    };
}
pub(crate) use cases;
