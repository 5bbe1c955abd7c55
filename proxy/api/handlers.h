// What the routes do (router.cc), a file for each subject. All run on a thread of the API's pool.
#pragma once

#include "proxy/api/world.h"

namespace weir {

// status.cc
ApiAnswer api_status(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_description(const ApiRequest& request, ApiWorld& world);

// history.cc
ApiAnswer api_history(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_delivery(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_timeline(const ApiRequest& request, ApiWorld& world);

// feeds.cc
ApiAnswer api_feeds(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_refresh_feed(const ApiRequest& request, ApiWorld& world);

// reputation.cc
ApiAnswer api_reputation(const ApiRequest& request, ApiWorld& world);

// policy.cc
ApiAnswer api_explain(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_check_policy(const ApiRequest& request, ApiWorld& world);

// quarantine.cc
ApiAnswer api_quarantine(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_quarantined(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_release(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_delete(const ApiRequest& request, ApiWorld& world);

// lists.cc
ApiAnswer api_lists(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_put_on_list(const ApiRequest& request, ApiWorld& world);
ApiAnswer api_unlist(const ApiRequest& request, ApiWorld& world);

}  // namespace weir
