/* Configuration values that are more than a number or a word: addresses, paths, groups.
 *
 * config_parse_KEY() sets KEY, or adds an item if KEY is a list. False: config is unchanged, and
 * ret_message (CONFIG_MESSAGE_MAX bytes) says what is wrong and what would be right.
 * config_format_KEY() writes the value as config_parse_KEY() takes it, items of a list separated by
 * spaces, in at most CONFIG_VALUE_MAX bytes. config_clear_KEY() empties a list. */
#ifndef TCPENGINED_CONFIG_CUSTOM_H
#define TCPENGINED_CONFIG_CUSTOM_H

#include "config/config.h"

bool config_parse_tap(struct config *config, const char *value, char *ret_message);
void config_format_tap(const struct config *config, char *ret_text);
bool config_parse_mac(struct config *config, const char *value, char *ret_message);
void config_format_mac(const struct config *config, char *ret_text);
bool config_parse_address(struct config *config, const char *value, char *ret_message);
void config_format_address(const struct config *config, char *ret_text);
void config_clear_address(struct config *config);
bool config_parse_gateway(struct config *config, const char *value, char *ret_message);
void config_format_gateway(const struct config *config, char *ret_text);
void config_clear_gateway(struct config *config);
bool config_parse_route(struct config *config, const char *value, char *ret_message);
void config_format_route(const struct config *config, char *ret_text);
void config_clear_route(struct config *config);
bool config_parse_control(struct config *config, const char *value, char *ret_message);
void config_format_control(const struct config *config, char *ret_text);
bool config_parse_control_group(struct config *config, const char *value, char *ret_message);
void config_format_control_group(const struct config *config, char *ret_text);
bool config_parse_admin_group(struct config *config, const char *value, char *ret_message);
void config_format_admin_group(const struct config *config, char *ret_text);
bool config_parse_privileged_ports(struct config *config, const char *value, char *ret_message);
void config_format_privileged_ports(const struct config *config, char *ret_text);
void config_clear_privileged_ports(struct config *config);
bool config_parse_http(struct config *config, const char *value, char *ret_message);
void config_format_http(const struct config *config, char *ret_text);
bool config_parse_log_level(struct config *config, const char *value, char *ret_message);
void config_format_log_level(const struct config *config, char *ret_text);

/* "10.0.0.2/24", in at most CONFIG_CIDR_MAX bytes. */
#define CONFIG_CIDR_MAX (TE_ADDR_TEXT_MAX + 4)
void config_cidr_format(const struct te_cidr *cidr, char *ret_text);

#endif
