#include "proxy/notify/outlets.h"

#include "conf/text_file.h"
#include "proxy/notify/mail.h"
#include "sandbox_client/http_client.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostHeaderFile = 8192;

HttpOptions http_options(const NotifySettings& settings) {
  HttpOptions options;
  options.ca_file = settings.ca_file;
  options.timeout = std::chrono::seconds(30);
  options.silence = std::chrono::seconds(15);
  options.max_body = 64 * 1024;
  return options;
}

// "Authorization: Bearer x" in two. The error names the file, never what is in it.
Result<std::pair<std::string, std::string>> read_header(const std::string& path) {
  const auto text = read_text_file(path, kMostHeaderFile);
  if (!text) return std::unexpected(text.error());
  const std::string line = text->substr(0, text->find_first_of("\r\n"));
  const std::size_t colon = line.find(": ");
  if (colon == std::string::npos || colon == 0) {
    return fail(Errc::invalid, Fault::config, path + ": its first line is no 'Name: value'");
  }
  return std::pair(line.substr(0, colon), line.substr(colon + 2));
}

Result<> post(HttpClient& client, const NotifySettings& settings, const Parcel& parcel) {
  HttpRequest request;
  request.method = "POST";
  request.url = settings.webhook;
  request.headers = {{"Content-Type", "application/json"},
                     {"Weir-Notice", std::to_string(parcel.id)}};
  request.body = parcel.json;
  if (!settings.webhook_header_file.empty()) {
    auto header = read_header(settings.webhook_header_file);
    if (!header) return pass(std::move(header));
    request.headers.push_back(std::move(*header));
  }
  const auto answer = client.send(request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 200 && answer->status < 300) return {};
  return fail(Errc::refused, Fault::helper,
              "the webhook answered " + std::to_string(answer->status));
}

}  // namespace

Result<std::unique_ptr<Outlets>> Outlets::start(const Parts& parts) {
  std::unique_ptr<Outlets> outlets(new Outlets(parts));
  outlets->least_severity_ = severity_from_name(parts.settings.notify.severity);
  auto outbox = Outbox::open(parts.settings.state_dir + "/notices.sqlite", parts.clock);
  if (!outbox) return pass(std::move(outbox));
  outlets->outbox_ = std::move(*outbox);
  if (!parts.settings.notify.webhook.empty()) outlets->add_webhook();
  if (!parts.settings.notify.mail_server.empty()) outlets->add_mail();
  for (const auto& lane : outlets->lanes_) {
    outlets->threads_.emplace_back([raw = outlets.get(), &lane = *lane] { raw->run(lane); });
  }
  return outlets;
}

Outlets::~Outlets() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  threads_.clear();
}

void Outlets::add(std::string name, SendParcel send) {
  names_.push_back(name);
  lanes_.push_back(std::make_unique<Lane>(
      std::move(name), std::move(send), parts_.settings.notify.give_up,
      Lane::Parts{*outbox_, parts_.clock, parts_.random, parts_.metrics, parts_.log}));
}

void Outlets::add_webhook() {
  const NotifySettings& settings = parts_.settings.notify;
  auto client = std::make_shared<HttpClient>(http_options(settings), stop_);
  add("webhook",
      [client, &settings](const Parcel& parcel) { return post(*client, settings, parcel); });
}

void Outlets::add_mail() {
  const NotifySettings& settings = parts_.settings.notify;
  add("mail", [this, &settings](const Parcel& parcel) {
    const std::string id =
        std::to_string(parcel.id) + "." + std::to_string(parcel.made.time_since_epoch().count());
    return send_mail(settings, {id, parcel.made, parcel.subject, parcel.text}, stop_);
  });
}

void Outlets::put(const Notice& notice) {
  if (names_.empty() || notice.severity < least_severity_) return;
  if (auto kept = outbox_->put(notice, names_); !kept) {
    parts_.log.error("notify", "a notice cannot be kept until it is sent",
                     {{"notice", notice.what}, {"problem", kept.error().what}});
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    ++puts_;
  }
  wake_.notify_all();
}

void Outlets::run(Lane& lane) {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::uint64_t seen = puts_;
    lock.unlock();
    const Duration rest = lane.step();
    lock.lock();
    wake_.wait_for(lock, rest, [&] { return stop_.load() || puts_ != seen; });
  }
}

}  // namespace weir
