require "fileutils"
require_relative "load_config"

FileUtils.mkdir_p("tmp/pids")
pidfile AppConfig.get("server", "pid")
bind AppConfig.get("server", "listen")
workers 0
