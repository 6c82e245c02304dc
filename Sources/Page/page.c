// Puts the files of the page into the program (C23, section 6.10.4). A file that is missing here
// is found by a test.

#include "Page.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#if !defined(__has_embed)
#error "pdb needs a compiler that knows #embed: Swift 6.1 or newer"
#endif

static const unsigned char icon_svg[] = {
#embed "icon.svg"
};
static const unsigned char index_html[] = {
#embed "index.html"
};
static const unsigned char logic_charts_mjs[] = {
#embed "logic/charts.mjs"
};
static const unsigned char logic_clicks_mjs[] = {
#embed "logic/clicks.mjs"
};
static const unsigned char logic_cluster_mjs[] = {
#embed "logic/cluster.mjs"
};
static const unsigned char logic_difference_mjs[] = {
#embed "logic/difference.mjs"
};
static const unsigned char logic_editor_mjs[] = {
#embed "logic/editor.mjs"
};
static const unsigned char logic_events_mjs[] = {
#embed "logic/events.mjs"
};
static const unsigned char logic_failover_mjs[] = {
#embed "logic/failover.mjs"
};
static const unsigned char logic_fields_mjs[] = {
#embed "logic/fields.mjs"
};
static const unsigned char logic_film_mjs[] = {
#embed "logic/film.mjs"
};
static const unsigned char logic_folding_mjs[] = {
#embed "logic/folding.mjs"
};
static const unsigned char logic_identity_mjs[] = {
#embed "logic/identity.mjs"
};
static const unsigned char logic_json_mjs[] = {
#embed "logic/json.mjs"
};
static const unsigned char logic_lab_mjs[] = {
#embed "logic/lab.mjs"
};
static const unsigned char logic_listing_mjs[] = {
#embed "logic/listing.mjs"
};
static const unsigned char logic_outbox_mjs[] = {
#embed "logic/outbox.mjs"
};
static const unsigned char logic_picture_mjs[] = {
#embed "logic/picture.mjs"
};
static const unsigned char logic_place_mjs[] = {
#embed "logic/place.mjs"
};
static const unsigned char logic_reading_mjs[] = {
#embed "logic/reading.mjs"
};
static const unsigned char logic_replica_mjs[] = {
#embed "logic/replica.mjs"
};
static const unsigned char logic_revisions_mjs[] = {
#embed "logic/revisions.mjs"
};
static const unsigned char logic_shortcuts_mjs[] = {
#embed "logic/shortcuts.mjs"
};
static const unsigned char logic_state_mjs[] = {
#embed "logic/state.mjs"
};
static const unsigned char logic_timeline_mjs[] = {
#embed "logic/timeline.mjs"
};
static const unsigned char logic_titles_mjs[] = {
#embed "logic/titles.mjs"
};
static const unsigned char logic_values_mjs[] = {
#embed "logic/values.mjs"
};
static const unsigned char logic_words_mjs[] = {
#embed "logic/words.mjs"
};
static const unsigned char machine_html[] = {
#embed "machine.html"
};
static const unsigned char machine_mjs[] = {
#embed "machine.mjs"
};
static const unsigned char main_mjs[] = {
#embed "main.mjs"
};
static const unsigned char network_consensus_mjs[] = {
#embed "network/consensus.mjs"
};
static const unsigned char network_feed_client_mjs[] = {
#embed "network/feed-client.mjs"
};
static const unsigned char network_feed_worker_mjs[] = {
#embed "network/feed-worker.mjs"
};
static const unsigned char network_feed_mjs[] = {
#embed "network/feed.mjs"
};
static const unsigned char network_reader_mjs[] = {
#embed "network/reader.mjs"
};
static const unsigned char network_requests_mjs[] = {
#embed "network/requests.mjs"
};
static const unsigned char network_sender_mjs[] = {
#embed "network/sender.mjs"
};
static const unsigned char service_worker_mjs[] = {
#embed "service-worker.mjs"
};
static const unsigned char storage_mjs[] = {
#embed "storage.mjs"
};
static const unsigned char style_css[] = {
#embed "style.css"
};
static const unsigned char view_adding_mjs[] = {
#embed "view/adding.mjs"
};
static const unsigned char view_authorizing_mjs[] = {
#embed "view/authorizing.mjs"
};
static const unsigned char view_charts_mjs[] = {
#embed "view/charts.mjs"
};
static const unsigned char view_clicks_mjs[] = {
#embed "view/clicks.mjs"
};
static const unsigned char view_cluster_mjs[] = {
#embed "view/cluster.mjs"
};
static const unsigned char view_dates_mjs[] = {
#embed "view/dates.mjs"
};
static const unsigned char view_deeds_mjs[] = {
#embed "view/deeds.mjs"
};
static const unsigned char view_details_mjs[] = {
#embed "view/details.mjs"
};
static const unsigned char view_difference_mjs[] = {
#embed "view/difference.mjs"
};
static const unsigned char view_drawing_mjs[] = {
#embed "view/drawing.mjs"
};
static const unsigned char view_elements_mjs[] = {
#embed "view/elements.mjs"
};
static const unsigned char view_elsewhere_mjs[] = {
#embed "view/elsewhere.mjs"
};
static const unsigned char view_header_mjs[] = {
#embed "view/header.mjs"
};
static const unsigned char view_history_mjs[] = {
#embed "view/history.mjs"
};
static const unsigned char view_key_mjs[] = {
#embed "view/key.mjs"
};
static const unsigned char view_keys_mjs[] = {
#embed "view/keys.mjs"
};
static const unsigned char view_lab_mjs[] = {
#embed "view/lab.mjs"
};
static const unsigned char view_languages_mjs[] = {
#embed "view/languages.mjs"
};
static const unsigned char view_navigation_mjs[] = {
#embed "view/navigation.mjs"
};
static const unsigned char view_notices_mjs[] = {
#embed "view/notices.mjs"
};
static const unsigned char view_past_mjs[] = {
#embed "view/past.mjs"
};
static const unsigned char view_picture_mjs[] = {
#embed "view/picture.mjs"
};
static const unsigned char view_rows_mjs[] = {
#embed "view/rows.mjs"
};
static const unsigned char view_shortcuts_mjs[] = {
#embed "view/shortcuts.mjs"
};
static const unsigned char view_tasks_mjs[] = {
#embed "view/tasks.mjs"
};

#define FILE(path, bytes) {path, bytes, sizeof bytes}

static const struct PageFile files[] = {
    FILE("icon.svg", icon_svg),
    FILE("index.html", index_html),
    FILE("logic/charts.mjs", logic_charts_mjs),
    FILE("logic/clicks.mjs", logic_clicks_mjs),
    FILE("logic/cluster.mjs", logic_cluster_mjs),
    FILE("logic/difference.mjs", logic_difference_mjs),
    FILE("logic/editor.mjs", logic_editor_mjs),
    FILE("logic/events.mjs", logic_events_mjs),
    FILE("logic/failover.mjs", logic_failover_mjs),
    FILE("logic/fields.mjs", logic_fields_mjs),
    FILE("logic/film.mjs", logic_film_mjs),
    FILE("logic/folding.mjs", logic_folding_mjs),
    FILE("logic/identity.mjs", logic_identity_mjs),
    FILE("logic/json.mjs", logic_json_mjs),
    FILE("logic/lab.mjs", logic_lab_mjs),
    FILE("logic/listing.mjs", logic_listing_mjs),
    FILE("logic/outbox.mjs", logic_outbox_mjs),
    FILE("logic/picture.mjs", logic_picture_mjs),
    FILE("logic/place.mjs", logic_place_mjs),
    FILE("logic/reading.mjs", logic_reading_mjs),
    FILE("logic/replica.mjs", logic_replica_mjs),
    FILE("logic/revisions.mjs", logic_revisions_mjs),
    FILE("logic/shortcuts.mjs", logic_shortcuts_mjs),
    FILE("logic/state.mjs", logic_state_mjs),
    FILE("logic/timeline.mjs", logic_timeline_mjs),
    FILE("logic/titles.mjs", logic_titles_mjs),
    FILE("logic/values.mjs", logic_values_mjs),
    FILE("logic/words.mjs", logic_words_mjs),
    FILE("machine.html", machine_html),
    FILE("machine.mjs", machine_mjs),
    FILE("main.mjs", main_mjs),
    FILE("network/consensus.mjs", network_consensus_mjs),
    FILE("network/feed-client.mjs", network_feed_client_mjs),
    FILE("network/feed-worker.mjs", network_feed_worker_mjs),
    FILE("network/feed.mjs", network_feed_mjs),
    FILE("network/reader.mjs", network_reader_mjs),
    FILE("network/requests.mjs", network_requests_mjs),
    FILE("network/sender.mjs", network_sender_mjs),
    FILE("service-worker.mjs", service_worker_mjs),
    FILE("storage.mjs", storage_mjs),
    FILE("style.css", style_css),
    FILE("view/adding.mjs", view_adding_mjs),
    FILE("view/authorizing.mjs", view_authorizing_mjs),
    FILE("view/charts.mjs", view_charts_mjs),
    FILE("view/clicks.mjs", view_clicks_mjs),
    FILE("view/cluster.mjs", view_cluster_mjs),
    FILE("view/dates.mjs", view_dates_mjs),
    FILE("view/deeds.mjs", view_deeds_mjs),
    FILE("view/details.mjs", view_details_mjs),
    FILE("view/difference.mjs", view_difference_mjs),
    FILE("view/drawing.mjs", view_drawing_mjs),
    FILE("view/elements.mjs", view_elements_mjs),
    FILE("view/elsewhere.mjs", view_elsewhere_mjs),
    FILE("view/header.mjs", view_header_mjs),
    FILE("view/history.mjs", view_history_mjs),
    FILE("view/key.mjs", view_key_mjs),
    FILE("view/keys.mjs", view_keys_mjs),
    FILE("view/lab.mjs", view_lab_mjs),
    FILE("view/languages.mjs", view_languages_mjs),
    FILE("view/navigation.mjs", view_navigation_mjs),
    FILE("view/notices.mjs", view_notices_mjs),
    FILE("view/past.mjs", view_past_mjs),
    FILE("view/picture.mjs", view_picture_mjs),
    FILE("view/rows.mjs", view_rows_mjs),
    FILE("view/shortcuts.mjs", view_shortcuts_mjs),
    FILE("view/tasks.mjs", view_tasks_mjs),
};

const struct PageFile *pageFile(size_t position) {
  return position < sizeof files / sizeof files[0] ? &files[position] : NULL;
}
