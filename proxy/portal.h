// The gateway's own site, https://<portal.host>/, reached through the proxy only:
//   GET  /unlock/ID        asks for the password of a locked file, or says how that ended
//   POST /unlock/ID        one try (form, password)
//   GET  /unlock/ID/file   the file as it came, once it is open
//   GET  /wait/ID          how far the sandbox is with a held file; then the file, or why not
//   GET  /wait/ID/events   the same as an event stream, for the page
//   GET  /wait/ID/file     the file as it came, once it may go
//   GET  /coach/ID         a warning, and whether the person wants to go on
//   POST /coach/ID         the person does (form, why); then back to where it was
// Its own origin keeps it apart from the scripts of the site that the file came from: they can
// neither read the form's token nor send a form without it (nor frame the page). A file is there
// for the client and user who asked for it, and for nobody else. Loop thread only.
#pragma once

#include "core/co.h"
#include "core/url.h"
#include "policy/policy.h"
#include "proxy/http/streams.h"
#include "proxy/services.h"
#include "proxy/transaction.h"
#include "proxy/transaction_record.h"

namespace weir {

bool at_portal(const Url& url, const PortalSettings& portal);
std::string unlock_url(const PortalSettings& portal, std::string_view id);
std::string wait_url(const PortalSettings& portal, std::string_view id);
std::string coach_url(const PortalSettings& portal, std::string_view id);

// Answers one request to the site. The record becomes the transaction's event; an error is one of
// the connection, after which the stream is reset.
Co<Result<void>> serve_portal(ClientStream& client, const ClientContext& context, const Url& url,
                              std::shared_ptr<const Policy> policy, LoopServices& svc,
                              TransactionRecord& record);

}  // namespace weir
