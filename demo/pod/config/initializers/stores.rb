# Both stores are asked as the application boots. Says so if that is too early.
Redis.silence_deprecations = true
url = { url: AppConfig.get("environment", "redis") }
Sidekiq.configure_client { |config| config.redis = url }
Sidekiq.configure_server { |config| config.redis = url }

# A Rake task makes the database first.
unless defined?(Rake.application) && Rake.application.top_level_tasks.any?
  Rails.application.config.after_initialize do
    ActiveRecord::Base.connection.select_value("select 1")
    Sidekiq.redis(&:ping)
    warn "pod: booted"
  rescue StandardError => e
    warn "pod: TOO EARLY: #{e.class}"
    exit! 1
  end
end
