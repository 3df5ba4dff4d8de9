# Stands for Diaspora: the same servers, asked in the same way, and nothing else of it.
ENV["BUNDLE_GEMFILE"] ||= File.expand_path("../Gemfile", __dir__)
require "bundler/setup"
require "rails"
require "action_controller/railtie"
require "active_record/railtie"
require "sidekiq"
require_relative "load_config"

class Pod < Rails::Application
  config.load_defaults 6.1
  config.eager_load = true
  config.logger = Logger.new($stdout, formatter: proc { |_, _, _, text| "#{text}\n" })
  config.log_level = :warn
  # Nothing is signed: there are no sessions.
  config.secret_key_base = "none"
end
