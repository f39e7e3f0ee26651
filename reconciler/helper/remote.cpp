#include "reconciler/helper/remote.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"
#include "reconciler/helper/known_hosts.hpp"

namespace reconciler::helper {

struct Connection::State {
  Access access;
  bool credential_given = false;
  std::optional<Error> refusal;  // ours; says more than what libgit2 makes of it
};

namespace {

constexpr size_t most_refs = 200'000;

Error auth_error(const Access& access) {
  Error e = error("git.auth", fmt::format("{} does not let this host in", access.url));
  if (access.parsed.kind == Url::Kind::ssh)
    return std::move(e)
        .with("with", fmt::format("the key {}", access.ssh_key))
        .next(
            "give the key read access there; it must be without a passphrase and not RSA "
            "(ssh-keygen -t ed25519)");
  return std::move(e).next("over https only public repositories are read: use ssh and a key");
}

int on_credentials(git_credential** out, const char*, const char* user, unsigned int allowed,
                   void* payload) {
  auto& state = *static_cast<Connection::State*>(payload);
  const Access& access = state.access;
  const bool by_key = (allowed & GIT_CREDENTIAL_SSH_KEY) != 0U;
  if (!by_key || state.credential_given) {
    state.refusal = auth_error(access);
    return GIT_EAUTH;
  }
  if (access.ssh_key.empty() || ::access(access.ssh_key.c_str(), R_OK) != 0) {
    state.refusal =
        error("git.auth",
              access.ssh_key.empty()
                  ? fmt::format("{} wants a key, and no ssh_key is named for it", access.url)
                  : fmt::format("the ssh_key {} cannot be read", access.ssh_key))
            .next("name one in the host file, under repositories or sources");
    return GIT_EAUTH;
  }
  state.credential_given = true;  // asked a second time, the first was refused
  return git_credential_ssh_key_new(out, user, nullptr, access.ssh_key.c_str(), nullptr);
}

Status check_server(const Access& access, git_cert* certificate) {
  if (access.known_hosts.empty())
    return failure(error("git.host_key", fmt::format("no known_hosts is named for {}", access.url))
                       .next("name one in the host file, under repositories or sources"));
  auto known = KnownHosts::read(access.known_hosts);
  if (!known) return failed(known);
  const auto* key = reinterpret_cast<const git_cert_hostkey*>(certificate);
  if ((key->type & GIT_CERT_SSH_RAW) == 0)
    return failure(error("git.host_key",
                         fmt::format("{} shows no key that can be compared", access.parsed.host)));
  return known->check(access.parsed.host, access.parsed.port, {key->hostkey, key->hostkey_len});
}

// libgit2's own verdict is about ~/.ssh/known_hosts; zero from here lets the server pass.
int on_certificate(git_cert* certificate, int valid, const char*, void* payload) {
  auto& state = *static_cast<Connection::State*>(payload);
  if (certificate->cert_type == GIT_CERT_HOSTKEY_LIBSSH2) {
    if (auto checked = check_server(state.access, certificate); !checked) {
      state.refusal = checked.error();
      return GIT_ECERTIFICATE;
    }
    return 0;
  }
  if (valid != 0) return 0;
  state.refusal = error("git.certificate",
                        fmt::format("{} shows a certificate that no known authority has signed "
                                    "for this name and time",
                                    state.access.parsed.host))
                      .next("mend the server's certificate, or add its authority to this host's");
  return GIT_ECERTIFICATE;
}

int on_progress(const git_indexer_progress* progress, void* payload) {
  auto& state = *static_cast<Connection::State*>(payload);
  if (progress->received_bytes <= static_cast<size_t>(state.access.most_bytes)) return 0;
  state.refusal = error("git.too_large", fmt::format("{} sends more than {} MiB", state.access.url,
                                                     state.access.most_bytes >> 20))
                      .next("a deployment's repository holds no large files; take them out");
  return -1;
}

git_remote_callbacks callbacks(Connection::State& state) {
  git_remote_callbacks out = GIT_REMOTE_CALLBACKS_INIT;
  out.credentials = on_credentials;
  out.certificate_check = on_certificate;
  out.transfer_progress = on_progress;
  out.payload = &state;
  return out;
}

// `downloading`: from then on our own mirror may be what failed.
Error remote_error(int code, const Connection::State& state, bool downloading) {
  if (state.refusal) return *state.refusal;
  const std::string cause = cause_of(code);
  if (code == GIT_EAUTH || cause.find("authenticat") != cause.npos) return auth_error(state.access);
  if (code == GIT_ECERTIFICATE || cause.find("certificate") != cause.npos)
    return error("git.certificate", fmt::format("{} cannot be trusted", state.access.parsed.host))
        .with("cause", cause);
  if (cause.find("No space left") != cause.npos)
    return error("file.unwritable", "cannot write the mirror: no space left")
        .next("make room on the disk of the state folder");
  if (cause.find("unsupported extension") != cause.npos || cause.find("objectformat") != cause.npos)
    return error("git.unsupported",
                 fmt::format("{} is of a kind that is not read here", state.access.url))
        .with("cause", cause)
        .next("SHA-256 repositories are not supported yet: use a SHA-1 one");
  const git_error* last = git_error_last();
  const int kind = last ? last->klass : GIT_ERROR_NONE;
  const bool local = kind == GIT_ERROR_ODB || kind == GIT_ERROR_INDEXER || kind == GIT_ERROR_ZLIB ||
                     kind == GIT_ERROR_OBJECT || kind == GIT_ERROR_REFERENCE;
  if (downloading && local)
    return error("git.corrupt", "the mirror cannot be added to").with("cause", cause).passing();
  Error e = error("git.unreachable", fmt::format("cannot fetch from {}", state.access.url))
                .with("cause", cause)
                .passing();
  // libssh2 says the same when the line breaks and when no kind of key is common to both sides.
  const Url& url = state.access.parsed;
  if (cause.find("exchange encryption keys") != cause.npos)
    e.hint = fmt::format(
        "if this lasts: RSA host keys are not understood here, so pin another: "
        "ssh-keyscan -t ed25519{} {} >> {}",
        url.port == 22 ? "" : fmt::format(" -p {}", url.port), url.host, state.access.known_hosts);
  return e;
}

bool is_followed(std::string_view name) {
  int valid = 0;
  return (name.starts_with("refs/heads/") || name.starts_with("refs/tags/")) && is_utf8(name) &&
         git_reference_name_is_valid(&valid, std::string(name).c_str()) == 0 && valid != 0;
}

}  // namespace

Connection::Connection(std::unique_ptr<State> state, Remote remote)
    : state_(std::move(state)), remote_(std::move(remote)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(git_repository* into, const Access& access) {
  auto state = std::make_unique<State>();
  state->access = access;
  if (access.parsed.kind == Url::Kind::path && !is_folder(access.url))
    return failure(
        error("git.unreachable", fmt::format("there is no folder {} to fetch from", access.url))
            .passing());
  git_remote* raw = nullptr;
  if (const int code = git_remote_create_anonymous(&raw, into, access.url.c_str()); code < 0)
    return failure(remote_error(code, *state, false));
  Remote remote(raw);
  git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  options.callbacks = callbacks(*state);
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;  // to another host, that is
  options.proxy_opts.type = GIT_PROXY_NONE;
  if (const int code = git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &options);
      code < 0)
    return failure(remote_error(code, *state, false));
  return Connection(std::move(state), std::move(remote));
}

Result<Listing> Connection::list() {
  const git_remote_head** heads = nullptr;
  size_t size = 0;
  if (const int code = git_remote_ls(&heads, &size, remote_.get()); code < 0)
    return failure(remote_error(code, *state_, false));
  if (size > most_refs)
    return failure(error("git.too_large", fmt::format("{} has {} references; at most {} are taken",
                                                      state_->access.url, size, most_refs)));
  Listing listing;
  for (size_t i = 0; i < size; ++i) {
    const std::string_view name = heads[i]->name;
    constexpr std::string_view branches = "refs/heads/";
    if (name == "HEAD" && heads[i]->symref_target) {
      const std::string_view target = heads[i]->symref_target;
      if (target.starts_with(branches)) listing.head = target.substr(branches.size());
    } else if (name.ends_with("^{}")) {
      const auto found = listing.refs.find(std::string(name.substr(0, name.size() - 3)));
      if (found != listing.refs.end()) found->second.commit = heads[i]->oid;
    } else if (is_followed(name)) {
      listing.refs.emplace(name, Ref{heads[i]->oid, heads[i]->oid});
    }
  }
  if (!listing.refs.contains("refs/heads/" + listing.head)) listing.head.clear();
  return listing;
}

Status Connection::download() {
  std::string heads = "+refs/heads/*:refs/heads/*";
  std::string tags = "+refs/tags/*:refs/tags/*";
  char* specs[] = {heads.data(), tags.data()};
  const git_strarray array{specs, 2};
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = callbacks(*state_);
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.proxy_opts.type = GIT_PROXY_NONE;
  if (const int code = git_remote_download(remote_.get(), &array, &options); code < 0)
    return failure(remote_error(code, *state_, true));
  return {};
}

}  // namespace reconciler::helper
