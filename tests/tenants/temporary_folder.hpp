#pragma once

#include "config/problem.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kp::test {

// A folder of its own for each test, gone afterwards.
class temporary_folder : public testing::Test {
 protected:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "knutepunkt-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~temporary_folder() override { std::filesystem::remove_all(folder_); }

  std::string below(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(below(name), std::ios::binary) << content;
    return below(name);
  }

  // One line each, without the folder.
  std::string lines(const std::vector<problem>& problems) const {
    std::string all;
    for (const auto& one : problems) {
      auto line = to_string(one);
      for (auto at = line.find(folder_.string() + "/"); at != std::string::npos;
           at = line.find(folder_.string() + "/"))
        line.erase(at, folder_.string().size() + 1);
      all += line + "\n";
    }
    return all;
  }

  std::filesystem::path folder_;
};

}  // namespace kp::test
