//! The guide of `docs/diaspora.md`, followed word for word. systemd and the network are
//! away: of `apt-get`, `systemctl` and the editor only the words are there.

use crate::own_system;
use crate::page;
use crate::world::World;

/// What the guide begins with: the servers are installed, and so is a pod. It is small:
/// `tests/pod` has one that works.
const POD: &str = r#"
for program in apt-get systemctl editor; do
    printf '#!/bin/sh\n' >/usr/local/bin/$program
    chmod +x /usr/local/bin/$program
done
for program in svscan supervise multilog svc svok svstat setuidgid diaspora-deps diaspora_svc; do
    ln -s "$(command -v $program)" /usr/local/bin/$program
done
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
rm -rf /etc/default/diaspora /etc/service/*
useradd -m diaspora
chmod 755 /home/diaspora
cd /home/diaspora
mkdir -p diaspora/bin diaspora/config diaspora/tmp
cd diaspora
echo 'run lambda { |_| [200, {}, ["a pod\n"]] }' >config.ru
echo 'bind File.read("config/diaspora.toml")[/listen = "(.*)"/, 1]' >config/puma.rb
printf '[configuration.server]\nlisten = "unix:///home/diaspora/diaspora/tmp/pod.sock"\n' >config/diaspora.toml
printf '#!/bin/sh\nexec puma "$@" config.ru\n' >bin/puma
printf '#!/bin/sh\nexec bundle "$@"\n' >bin/bundle
chmod +x bin/puma bin/bundle
printf 'source "https://rubygems.org"\ngem "puma"\ngem "sidekiq"\n' >Gemfile
printf ':concurrency: 1\n:require: ./job.rb\n' >config/sidekiq.yml
: >job.rb
chown -R diaspora: .
su diaspora -c 'bundle install --local'
echo 'server { listen 80; location / { proxy_pass http://unix:/home/diaspora/diaspora/tmp/pod.sock; } }' \
    >/etc/nginx/sites-enabled/default
cd /
"#;

const THEN: &str = r#"
poll says 'a pod' curl -s http://localhost/
diaspora-deps check --nagios
diaspora-deps lint
says ready diaspora-deps graph --state --format mermaid
diaspora_svc restart --wait
says 'a pod' curl -s http://localhost/
diaspora_svc stopall
says CRITICAL diaspora-deps check --nagios
"#;

pub(crate) fn todays_pod(world: &World) {
    let guide = page::script("diaspora.md", "## Today's pod");
    assert!(guide.contains("startall --wait"), "{guide}");
    own_system::run(world, &format!("{POD}{guide}{THEN}"));
}

/// The change for another database, without the rest of the pod.
pub(crate) fn mariadb(world: &World) {
    let change = page::script("diaspora.md", "## A pod with MariaDB");
    own_system::run(
        world,
        &format!(
            "diaspora-deps install --set modern /root/service\n{change}\
             mv /root/service/10mariadb /etc/service/\n\
             diaspora_svc startall --wait\n\
             diaspora-deps check mariadb\n\
             says 'puma     needs mariadb, redis' diaspora-deps graph puma\n\
             diaspora_svc stopall\n"
        ),
    );
}
