#include "reconciler/helper/known_hosts.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/digest.hpp"

namespace reconciler::helper {
namespace {

// A key as ssh sends it: its type with a length before it, then whatever the type has.
std::string key(const std::string& type, const std::string& rest) {
  return std::string(3, '\0') + static_cast<char>(type.size()) + type + rest;
}

const std::string ed = key("ssh-ed25519", "one");
const std::string other = key("ssh-ed25519", "two");
const std::string rsa = key("ssh-rsa", "three");

std::string line(const std::string& hosts, const std::string& type, const std::string& raw) {
  return hosts + " " + type + " " + to_base64(raw) + " a comment\n";
}

std::string said(const std::string& text, std::string_view host, int port, const std::string& raw) {
  const auto checked = KnownHosts::parse(text, "/etc/known").check(host, port, raw);
  return checked ? "" : checked.error().code + ": " + checked.error().message;
}

TEST(KnownHosts, FindsAServerHoweverItsNameIsWritten) {
  EXPECT_EQ(said(line("host", "ssh-ed25519", ed), "host", 22, ed), "");
  EXPECT_EQ(said(line("a,Host,10.0.0.1", "ssh-ed25519", ed), "HOST", 22, ed), "");
  EXPECT_EQ(said(line("*.example.com", "ssh-ed25519", ed), "git.example.com", 22, ed), "");
  EXPECT_EQ(said(line("[host]:2222", "ssh-ed25519", ed), "host", 2222, ed), "");
  const std::string salt = "0123456789abcdefghij";
  const std::string hashed =
      "|1|" + to_base64(salt) + "|" + to_base64(sha1_mac(salt, "[host]:2222"));
  EXPECT_EQ(said(line(hashed, "ssh-ed25519", ed), "host", 2222, ed), "");
}

TEST(KnownHosts, RefusesWhoIsNotThere) {
  const std::string absent = "git.host_key: host is not in /etc/known";
  EXPECT_EQ(said("", "host", 22, ed), absent);
  EXPECT_EQ(said(line("[host]:2222", "ssh-ed25519", ed), "host", 22, ed), absent);
  EXPECT_EQ(said(line("*,!host", "ssh-ed25519", ed), "host", 22, ed), absent);
  EXPECT_EQ(said(line("|1|AAAA|AAAA", "ssh-ed25519", ed), "host", 22, ed), absent);
  EXPECT_EQ(said(line("@cert-authority host", "ssh-ed25519", ed), "host", 22, ed), absent);
  EXPECT_EQ(said("# host\nhost\nhost ssh-ed25519\nhost ssh-ed25519 !!!\n", "host", 22, ed), absent);
  EXPECT_EQ(said(line("host", "ssh-ed25519", ed), "host", 2222, ed),
            "git.host_key: [host]:2222 is not in /etc/known");
}

TEST(KnownHosts, RefusesAnotherKey) {
  EXPECT_EQ(said(line("host", "ssh-ed25519", other), "host", 22, ed),
            "git.host_key: host shows another key than the one in /etc/known");
  EXPECT_EQ(said(line("host", "ssh-rsa", rsa), "host", 22, ed),
            "git.host_key: /etc/known has no ssh-ed25519 key of host");
  EXPECT_EQ(said(line("host", "ssh-rsa", rsa) + line("host", "ssh-ed25519", ed), "host", 22, ed),
            "");
  EXPECT_EQ(said(line("host", "ssh-ed25519", ed) + line("@revoked host", "ssh-ed25519", ed), "host",
                 22, ed),
            "git.host_key: the key of host is revoked in /etc/known");
}

TEST(KnownHosts, SaysWhichKeysTheseAre) {
  const auto e = KnownHosts::parse(line("host", "ssh-ed25519", other), "/etc/known")
                     .check("host", 22, ed)
                     .error();
  ASSERT_EQ(e.facts.size(), 2U);
  EXPECT_EQ(e.facts[0].text, "ssh-ed25519 " + fingerprint(ed));
  EXPECT_EQ(e.facts[1].text, "ssh-ed25519 " + fingerprint(other));
  EXPECT_EQ(e.hint, "someone may be in between: ask the server's owner before changing it");
  EXPECT_EQ(e.lasting, Lasting::terminal);
}

TEST(KnownHosts, PatternsOfStarsTakeNoLongTime) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  EXPECT_NE(said(line(stars + "b", "ssh-ed25519", ed), std::string(250, 'a'), 22, ed), "");
}

}  // namespace
}  // namespace reconciler::helper
