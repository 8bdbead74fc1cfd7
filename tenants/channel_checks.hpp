#pragma once

#include "tenants/channel_rules.hpp"

// The checks of the table in channel_rules.cpp, one function per rule. Inside the room only.

namespace kp::tenants::checks {

void service_off(const organisation&, rule_report&);
void sends_only(const organisation&, rule_report&);
void receives_once(const organisation&, rule_report&);
void one_for_dpe(const organisation&, rule_report&);
void reference_form(const organisation&, rule_report&);
void reference_unique(const organisation&, rule_report&);
void reference_needed(const organisation&, rule_report&);
void receipt_channel_form(const organisation&, rule_report&);
void receipt_channel_needed(const organisation&, rule_report&);
void receipt_channel_unique(const organisation&, rule_report&);
void sender_account(const organisation&, rule_report&);
void account_needed(const organisation&, rule_report&);
void account_unique(const organisation&, rule_report&);
void her_id_needed(const organisation&, rule_report&);
void her_id_unique(const organisation&, rule_report&);

std::vector<channel_rule::claim> receipt_channels(const organisation&);
std::vector<channel_rule::claim> accounts(const organisation&);
std::vector<channel_rule::claim> her_ids(const organisation&);

}  // namespace kp::tenants::checks
