# The settings of config/diaspora.toml over their defaults, which are Diaspora's.
require "tomlrb"

module AppConfig
  DEFAULTS = {
    "environment" => { "redis" => "redis://localhost" },
    "server" => { "listen" => "unix://tmp/diaspora.sock", "pid" => "tmp/pids/web.pid" }
  }.freeze

  def self.get(section, name)
    file = Tomlrb.load_file(File.expand_path("diaspora.toml", __dir__))
    file.dig("configuration", section, name) || DEFAULTS.fetch(section).fetch(name)
  end
end
