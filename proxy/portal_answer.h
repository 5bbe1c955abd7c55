// How the gateway's own site answers: a page, a notice, a file that was kept. Loop thread only;
// what it refers to outlives it.
#pragma once

#include <string>

#include "core/co.h"
#include "proxy/http/streams.h"
#include "proxy/kept_files.h"
#include "proxy/portal_pages.h"
#include "proxy/services.h"
#include "proxy/transaction_record.h"

namespace weir {

class PortalAnswer {
 public:
  PortalAnswer(ClientStream& client, LoopServices& svc, TransactionRecord& record)
      : client_(client), svc_(svc), record_(record) {}

  Co<Result<void>> send(Page page);
  Co<Result<void>> notice(PortalNotice what);
  // So that loading the page again sends nothing again.
  Co<Result<void>> see_other(std::string where);
  // As it came from its origin, codings and all, under the name that it would have had.
  Co<Result<void>> send_kept(const KeptFile& file);

 private:
  ClientStream& client_;
  LoopServices& svc_;
  TransactionRecord& record_;
};

}  // namespace weir
