/* Configuration values that are more than a number or a word: addresses, paths, groups. Each parser
 * leaves config alone when it fails and says in ret_message (CONFIG_MESSAGE_MAX) what is wrong and
 * what would be right; each formatter writes at most CONFIG_VALUE_MAX bytes. */
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
bool config_parse_http(struct config *config, const char *value, char *ret_message);
void config_format_http(const struct config *config, char *ret_text);
bool config_parse_log_level(struct config *config, const char *value, char *ret_message);
void config_format_log_level(const struct config *config, char *ret_text);

/* "10.0.0.2/24". Writes at most CONFIG_CIDR_MAX bytes. */
#define CONFIG_CIDR_MAX (TE_ADDR_TEXT_MAX + 4)
void config_cidr_format(const struct te_cidr *cidr, char *ret_text);

#endif
