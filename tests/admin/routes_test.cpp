#include "admin/routes.hpp"

#include <gtest/gtest.h>

using kp::admin::access;
using kp::admin::routes;

namespace {

routes some() {
  routes all;
  all.add({"GET", "/admin/organisations", access::read, {}, 0});
  all.add({"GET", "/admin/organisations/{}/messages/{}", access::read, {}, 0});
  all.add({"POST", "/admin/organisations/{}/messages/{}", access::operate, {}, 10});
  return all;
}

}  // namespace

TEST(admin_routes, find_the_path_and_what_its_variables_stand_for) {
  const auto all = some();
  const auto found = all.find("GET", "/admin/organisations/910077473/messages/abc");
  ASSERT_TRUE(found.to);
  EXPECT_EQ(found.to->needs, access::read);
  EXPECT_EQ(found.variables, (std::vector<std::string>{"910077473", "abc"}));
  EXPECT_EQ(all.find("POST", "/admin/organisations/1/messages/2").to->needs, access::operate);
  EXPECT_TRUE(all.find("HEAD", "/admin/organisations").to);
}

TEST(admin_routes, say_which_methods_a_path_has) {
  const auto all = some();
  const auto found = all.find("DELETE", "/admin/organisations/1/messages/2");
  EXPECT_FALSE(found.to);
  EXPECT_EQ(found.allow, "GET, POST");
}

TEST(admin_routes, match_whole_paths_only) {
  const auto all = some();
  for (const auto* path :
       {"/admin/organisations/", "/admin", "/admin/organisations/1/messages/",
        "/admin/organisations//messages/2", "/admin/organisations/1/messages/2/3"})
    EXPECT_FALSE(all.find("GET", path).to) << path;
}
