#pragma once

#include "config/random.hpp"
#include "config/secret.hpp"
#include "tools/import/findings.hpp"
#include "tools/import/organisation_draft.hpp"
#include "tools/import/request.hpp"

namespace kp::importer {

struct organisation_file {
  std::string path;  // in the tenants folder
  std::string yaml;
  bool clashes = false;  // with a file in the folder that has another name: it must not be written
};

struct plan {
  std::vector<organisation_file> files;
  std::vector<secret_file> secrets;
  findings report;
};

// Reads the files of the request and says what would be written; writes nothing but a trial copy in
// the folder for temporary files, on which the hub's own loader is tried. The files that are in the
// tenants folder already are read to see what clashes.
plan plan_import(const import_request&, const environment&, random_source&);

// Writes secrets (mode 0600) and then the organisations' files (0640), each whole or not at all.
// Unless the request says `force`, nothing is written when a file is there already. What cannot be
// written is reported. Returns how many organisations' files were written.
std::size_t write_plan(plan&, const import_request&);

}  // namespace kp::importer
