# Today's worker, with a job that does nothing.
require "sidekiq"
require_relative "boot"
boot "sidekiq", :redis

url = { url: "redis://localhost:#{REDIS[:port]}/0" }
Sidekiq.configure_server { |config| config.redis = url }
Sidekiq.configure_client { |config| config.redis = url }

class Nothing
  include Sidekiq::Worker
  def perform; end
end
