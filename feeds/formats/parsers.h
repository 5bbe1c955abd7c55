// The makers of all parsers, one for each row of the table in feed_format.cc.
#pragma once

#include <memory>

#include "feeds/formats/feed_format.h"

namespace weir {

using ParserPtr = std::unique_ptr<FeedParser>;

ParserPtr make_domains(FeedDefaults defaults);
ParserPtr make_urls(FeedDefaults defaults);
ParserPtr make_ips(FeedDefaults defaults);
ParserPtr make_hashes(FeedDefaults defaults);
ParserPtr make_mixed(FeedDefaults defaults);
ParserPtr make_hosts(FeedDefaults defaults);
ParserPtr make_dnsmasq(FeedDefaults defaults);
ParserPtr make_clamav_hashes(FeedDefaults defaults);
ParserPtr make_abp(FeedDefaults defaults);
ParserPtr make_rpz(FeedDefaults defaults);
ParserPtr make_ut1(FeedDefaults defaults);

ParserPtr make_urlhaus_csv(FeedDefaults defaults);
ParserPtr make_threatfox_csv(FeedDefaults defaults);
ParserPtr make_feodo_csv(FeedDefaults defaults);
ParserPtr make_sslbl_ja3_csv(FeedDefaults defaults);
ParserPtr make_sslbl_cert_csv(FeedDefaults defaults);
ParserPtr make_malwarebazaar_csv(FeedDefaults defaults);
ParserPtr make_phishtank_csv(FeedDefaults defaults);

ParserPtr make_urlhaus_json(FeedDefaults defaults);
ParserPtr make_threatfox_json(FeedDefaults defaults);
ParserPtr make_feodo_json(FeedDefaults defaults);
ParserPtr make_phishtank_json(FeedDefaults defaults);
ParserPtr make_drop_json(FeedDefaults defaults);
ParserPtr make_misp(FeedDefaults defaults);
ParserPtr make_stix(FeedDefaults defaults);

}  // namespace weir
