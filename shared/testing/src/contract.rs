//! What the service answers, however it is run: one test a sentence.
//!
//! `contract_tests!(start)` makes the tests, where `start` takes [`Variables`](crate::Variables)
//! for the service and yields its URL and what must live for as long as it is used.

use crate::token::SECRET;

mod conditional_sends;
mod creating;
mod deleting;
mod errors;
mod events;
mod following;
mod notes;
mod queue;
mod reading;
mod sending;
mod taking;

pub use conditional_sends::*;
pub use creating::*;
pub use deleting::*;
pub use errors::*;
pub use events::*;
pub use following::*;
pub use notes::*;
pub use queue::*;
pub use reading::*;
pub use sending::*;
pub use taking::*;

/// The variable that switches tokens on.
pub const TOKENS: (&str, &str) = ("AUTH_SECRET", SECRET);
/// The variable that switches the queue on.
pub const QUEUE: (&str, &str) = ("QUEUE", "true");

/// The contract's tests against what a function starts, each on its own, without tokens and with.
#[macro_export]
macro_rules! contract_tests {
    ($start:path) => {
        $crate::contract_cases! { apart $start }
    };
}

/// The whole contract in one test, where starting what it runs against takes long.
#[macro_export]
macro_rules! contract_in_turn {
    ($start:expr) => {
        $crate::contract_cases! { in_turn $start }
    };
}

/// The cases, each with the variables that it needs.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($how:ident $start:expr) => {
        $crate::contract_cases! { @$how $start;
            a_conversation_is_created_under_a_random_id [],
            metadata_is_the_first_event_without_its_white_space [],
            metadata_that_is_no_small_object_is_refused [],
            creations_at_once_under_a_key_make_one_conversation [],
            a_creation_key_is_a_random_uuid_and_stands_for_one_body [],
            a_creation_key_of_what_is_gone_begins_anew [("CONVERSATION_TTL_SECONDS", "1")],
            messages_are_read_in_the_order_in_which_they_were_sent [],
            content_and_timestamp_are_given_back_byte_for_byte [],
            the_body_is_read_as_json_whatever_its_content_type_says [],
            sixty_four_senders_at_once_lose_nothing [],
            a_send_with_an_idempotency_key_adds_one_message [],
            an_idempotency_key_with_another_body_is_refused [],
            an_idempotency_key_sent_by_many_at_once_adds_one_message [],
            a_message_can_depend_on_nothing_new_having_happened [],
            of_twelve_conditional_sends_at_once_one_is_added [],
            a_conversation_is_taken_by_one_agent [],
            an_agents_first_message_takes_a_conversation [],
            a_closed_conversation_can_be_read_and_takes_nothing_more [],
            what_a_side_has_seen_is_told_and_moves_no_cursor [],
            typing_is_told_to_who_streams_and_is_not_kept [],
            events_reach_who_waits_and_who_streams [],
            an_event_that_is_no_event_is_refused_by_the_field [],
            a_deleted_conversation_is_gone_at_once_and_its_followers_are_told [],
            conversations_wait_in_the_order_in_which_they_were_created [$crate::contract::QUEUE],
            a_conversation_waits_until_it_is_taken_closed_or_deleted [$crate::contract::QUEUE],
            an_expired_conversation_waits_no_longer [$crate::contract::QUEUE, ("CONVERSATION_TTL_SECONDS", "1")],
            who_waits_for_the_queue_is_told_of_its_change [$crate::contract::QUEUE],
            the_queue_is_streamed_as_it_stands_and_as_it_changes [$crate::contract::QUEUE],
            the_queue_is_for_agents_of_every_conversation [$crate::contract::QUEUE],
            the_queue_is_not_there_unless_it_is_switched_on [],
            a_reader_who_has_the_latest_version_is_answered_without_a_body [],
            any_version_is_known_to_who_says_so_and_none_of_what_is_not_there [],
            a_deleted_message_is_gone_and_the_others_stay [],
            a_conversation_of_the_largest_size_is_read_whole [],
            an_idle_conversation_is_gone [("CONVERSATION_TTL_SECONDS", "1")],
            a_cursor_yields_what_happened_since [],
            a_follower_gets_past_what_was_deleted_however_much_it_is [],
            a_stream_is_for_who_accepts_one [],
            a_cursor_that_was_never_given_out_is_refused [],
            a_held_request_is_answered_when_something_happens [],
            a_held_request_in_which_nothing_happens_comes_back_with_the_same_cursor [],
            a_stream_tells_the_expiry_first_and_each_event_with_its_cursor [],
            a_stream_goes_on_from_the_last_event_id_before_the_cursor_in_the_query [],
            a_stream_ends_with_the_conversation [("CONVERSATION_TTL_SECONDS", "2")],
            followers_who_come_and_go_miss_nothing_and_see_nothing_twice [],
            bad_requests_get_the_error_that_names_the_fault [],
            what_is_too_large_is_refused_and_the_largest_is_not [],
            a_full_conversation_takes_no_more_and_keeps_what_it_has [("MAX_CONVERSATION_BYTES", "400")],
            every_answer_carries_a_request_id_of_its_own [],
        }
    };
    (@apart $start:expr; $($case:ident [$($variable:expr),*],)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                let (url, _running) = $start(&[$($variable),*]).await;
                $crate::contract::$case($crate::api::Api::at(&url)).await;
            }
        )*

        mod with_tokens {
            use super::*;
            $(
                #[tokio::test]
                async fn $case() {
                    let (url, _running) = $start(&[$crate::contract::TOKENS, $($variable),*]).await;
                    let api = $crate::api::Api::at(&url).with_token($crate::token::agent());
                    $crate::contract::$case(api).await;
                }
            )*
        }
    };
    (@in_turn $start:expr; $($case:ident [$($variable:expr),*],)*) => {
        $(
            println!(stringify!($case));
            let (url, _running) = $start(&[$($variable),*]).await;
            $crate::contract::$case($crate::api::Api::at(&url)).await;

            let (url, _running) = $start(&[$crate::contract::TOKENS, $($variable),*]).await;
            let api = $crate::api::Api::at(&url).with_token($crate::token::agent());
            $crate::contract::$case(api).await;
        )*
    };
}
