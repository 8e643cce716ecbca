#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace simulator::unconfirmed {

// What the wire reference could not check against a source and we rely on: one switch each. The number is the
// reference's section.

inline constexpr bool challenge_method_is_accepted = true;          ///< 2.1: code_challenge_method may be sent.
inline constexpr std::chrono::minutes authorization_code_life{15};  ///< 2.1
inline constexpr bool basic_credentials_for_every_flow = true;      ///< 2.1: client_id and secret in Authorization.
inline constexpr bool sessions_slide = false;                       ///< 2.1: use prolongs an access token's life.
inline constexpr bool reuse_of_a_rotated_token_revokes = true;      ///< 2.2: the whole grant.
inline constexpr std::chrono::seconds jwt_longest_life{0};        ///< 2.3: how far off `exp` may be; 0: without limit.
inline constexpr bool revoking_a_grant_ends_its_sessions = true;  ///< 2.5
inline constexpr int bad_identity_token_status = 403;             ///< 2.5
inline constexpr std::string_view bad_identity_token_text = "Bad_OAuth_Token";
inline constexpr std::string_view inactive_user_text = "inactive user";  ///< 2.6
inline constexpr bool leading_slashes_are_one = true;       ///< 1: "//services/data", as the Salesforce CLI asks.
inline constexpr bool oauth_scheme_is_accepted = true;      ///< 3: "Authorization: OAuth <token>"
inline constexpr int bad_auth_header_status = 401;          ///< 3: INVALID_AUTH_HEADER
inline constexpr bool request_bodies_may_be_packed = true;  ///< 3: Content-Encoding: gzip
inline constexpr bool method_can_be_tunnelled = true;       ///< 5: POST …?_HttpMethod=PATCH
inline constexpr bool text_is_trimmed = true;               ///< 5: blanks at both ends of text are cut.
inline constexpr bool empty_text_becomes_null = true;       ///< 5
inline constexpr bool id_in_patch_body_is_refused = true;   ///< 5: INVALID_FIELD
inline constexpr int deleted_row_status = 404;              ///< 5
inline constexpr std::string_view deleted_row_text = "entity is deleted";
inline constexpr bool binned_unique_value_is_free = true;   ///< 6: a deleted record does not hold its unique value.
inline constexpr bool numbers_are_rounded_to_scale = true;  ///< 7: a number with more digits is rounded, not refused.
inline constexpr bool multipicklists_are_sorted = true;     ///< 11: values come back in the picklist's own order.
inline constexpr std::chrono::minutes shortest_replication_window{1};  ///< 8: between start and end.
inline constexpr std::size_t open_cursors = 10;                        ///< 9: per user; the oldest is closed.
inline constexpr int bad_locator_status = 400;                         ///< 9
inline constexpr std::string_view bad_locator_text = "invalid query locator";
inline constexpr bool deleted_rows_leave_open_cursors = true;       ///< 9
inline constexpr bool unequal_matches_null = true;                  ///< 10: `!= 'x'` and NOT IN also return nulls.
inline constexpr bool fractions_in_datetime_literals = true;        ///< 10
inline constexpr bool conditions_look_at_the_system_stamp = false;  ///< 5: else at LastModifiedDate.
inline constexpr int update_only_status = 404;                      ///< 6: updateOnly=true without a match.
inline constexpr int tree_created_status = 201, tree_failed_status = 400;  ///< 12.4
inline constexpr std::string_view tree_error_code = "INVALID_INPUT";  ///< 12.4: of what is wrong with the tree itself.
inline constexpr std::string_view composite_limit_code = "LIMIT_EXCEEDED";  ///< 12: too many parts, graphs, chunks.
inline constexpr std::size_t most_retrieved_records = 2'000;  ///< 12.2: by one retrieve of the collections.
inline constexpr bool repeated_id_is_refused = true;          ///< 12.2: in one update; DUPLICATE_VALUE.
inline constexpr bool repeated_key_is_refused = true;         ///< 12.2: in one upsert; DUPLICATE_VALUE.
inline constexpr int locked_row_status = 400;                 ///< 16
inline constexpr bool no_children_are_null = true;          ///< 9: a child query without records; else an empty result.
inline constexpr bool polymorphic_parent_is_a_name = true;  ///< 10: "type":"Name" in the attributes of Who and What.
inline constexpr bool not_needs_parentheses = true;         ///< 10: beside AND and OR.
inline constexpr bool security_enforced_in_api = false;     ///< 10: WITH SECURITY_ENFORCED, else only in Apex.
inline constexpr bool for_update_in_api = false;            ///< 10: else only in Apex.
inline constexpr bool sum_of_integers_is_whole = true;      ///< 10: SUM of an int field has no decimals.
inline constexpr bool grouping_ignores_case = true;         ///< 10: texts of both letter cases are one group.
inline constexpr bool grouped_field_is_not_aggregated = true;  ///< 10: but by COUNT, in one query.
inline constexpr std::string_view duplicate_value_text = "duplicate value found: ";  ///< 16
inline constexpr bool lookups_are_cleared_on_delete = true;  ///< 24: references to a deleted record become null.
inline constexpr bool clearing_moves_the_stamp = true;       ///< 24: and their records' SystemModstamp moves.

inline constexpr std::string_view bulk_bad_row_code =
    "MALFORMED_ROW";                                         ///< 13: a row whose quotes or columns are wrong.
inline constexpr bool bulk_second_upload_is_refused = true;  ///< 13: one PUT a job.
inline constexpr bool bulk_delete_takes_only_id = true;      ///< 13
inline constexpr int bulk_too_large_status = 400;            ///< 13: an upload beyond 150 MB.
inline constexpr std::string_view bulk_too_large_code = "EXCEEDED_MAX_SIZE_REQUEST";
inline constexpr std::string_view bulk_early_results_code = "INVALIDJOBSTATE";  ///< 14: results before JobComplete.
inline constexpr std::string_view bulk_other_version_code = "CONFLICT";  ///< 14: results asked for by another version.

}  // namespace simulator::unconfirmed
