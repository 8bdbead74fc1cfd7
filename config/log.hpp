#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

// Logs are JSON lines. Eleven-digit person numbers never appear in one: log() replaces every run of
// exactly eleven digits in messages and field values by "***********".

namespace kp {

enum class log_level { debug, info, warning, error };

struct log_field {
  std::string_view name;  // organisation, channel, message_id, conversation_id, service, ...
  std::string_view value;
};

// {"time":…,"level":…,"message":…,<fields>} on standard error, one line.
void log(log_level level, std::string_view message, std::initializer_list<log_field> fields = {});

void set_log_level(log_level lowest);

// Where the lines go instead of standard error, for tests; an empty function restores it.
void set_log_sink(void (*sink)(std::string_view line));

// "person 01017012345" -> "person ***********".
std::string mask_person_numbers(std::string_view text);

}  // namespace kp
