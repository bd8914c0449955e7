//! What every database must do, whichever it is: cases that take an open store.

pub(crate) mod action_instances;
pub(crate) mod audit;
pub(crate) mod children;
pub(crate) mod connection_requests;
pub(crate) mod connections;
pub(crate) mod connectors;
pub(crate) mod customers;
pub(crate) mod elements;
pub(crate) mod integrations;
pub(crate) mod pushes;
pub(crate) mod refreshes;
pub(crate) mod sessions;
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
                    name_and_settings_can_be_replaced,
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
                children {
                    a_child_shows_what_its_parent_is_like,
                    a_childs_own_state_is_kept_apart_from_its_parents,
                    children_follow_a_parent_that_is_replaced,
                    a_new_grant_settles_children_and_a_refresh_does_not,
                    hidden_ones_are_listed_when_asked_for,
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
                elements {
                    a_key_is_given_once_per_type_and_level,
                    elements_are_found_by_id_and_by_key_at_their_level,
                    elements_follow_their_parent_until_they_are_customised,
                    a_patch_without_change_leaves_every_revision,
                    lists_are_of_a_level_and_leave_archived_ones_out,
                }
                action_instances {
                    an_instance_is_kept_until_it_is_taken_away,
                    instances_are_listed_by_connection_customer_and_action,
                    customers_leave_alone_what_admins_wrote,
                    a_connection_has_room_for_so_many_and_so_much,
                }
                pushes {
                    a_push_makes_everything_and_moves_the_revision_once,
                    a_push_for_another_revision_changes_nothing,
                    a_push_that_fails_half_way_leaves_nothing,
                    of_two_pushes_at_once_one_is_for_another_revision,
                    every_change_moves_the_revision_by_one,
                    of_many_changes_the_last_are_known,
                    bundles_are_read_where_they_are_asked_for,
                }
                refreshes {
                    a_claim_is_granted_to_one_until_it_ends,
                    a_claim_of_what_is_not_there_has_moved,
                    of_two_processes_that_claim_one_is_granted,
                    a_commit_moves_the_generation_and_ends_the_lease,
                    a_commit_after_the_lease_ran_out_counts_if_nobody_claimed,
                    a_commit_whose_lease_was_taken_over_is_refused,
                    a_commit_that_is_tried_again_is_answered_again,
                    a_commit_for_no_connection_is_refused,
                    new_credentials_win_over_a_refresh,
                    an_archive_wins_over_a_refresh,
                    a_replaced_connection_is_not_refreshed,
                    a_release_says_how_it_is_now,
                    a_release_without_the_lease_does_nothing,
                    a_release_hands_an_interruption_on,
                    what_is_due_is_listed_by_its_time,
                    integrations_that_have_enough_to_do_are_left_out,
                    scopes_stay_until_a_provider_speaks_of_them_again,
                    the_next_time_counts_waits_and_leases,
                    ten_thousand_that_are_due_are_claimed_in_batches,
                }
                sessions {
                    a_session_is_taken_once,
                    of_many_who_take_a_session_one_gets_it,
                    a_session_that_waited_too_long_is_expired,
                    a_state_that_was_never_issued_is_unknown,
                    a_state_is_given_once,
                    what_a_session_is_for_must_be_of_the_workspace,
                    old_sessions_are_purged_in_batches,
                }
                connection_requests {
                    a_request_is_found_by_what_its_link_holds,
                    a_failure_leaves_a_request_open_and_an_end_is_final,
                    what_is_asked_for_must_be_of_the_workspace,
                    old_requests_are_purged_a_day_after_they_expired,
                }
                audit {
                    entries_read_back_whoever_wrote_them,
                    entries_are_filtered_by_subject,
                    the_latest_entries_about_a_subject_come_newest_first,
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
