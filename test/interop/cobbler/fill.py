"""fill.py URL KERNELS : gives a Cobbler an item of every type, twenty systems, a template and a snippet."""

import sys
import xmlrpc.client

server = xmlrpc.client.ServerProxy(sys.argv[1])
kernels = sys.argv[2]
token = server.login("cobbler", "cobbler")


def make(kind, **fields):
    handle = getattr(server, "new_" + kind)(token)
    for field, value in fields.items():
        if not getattr(server, "modify_" + kind)(handle, field, value, token):
            raise SystemExit(f"{kind} has no {field}")
    getattr(server, "save_" + kind)(handle, token)


server.write_autoinstall_template("site.ks", "url --url=$tree\n$SNIPPET('hello')\n", token)
server.write_autoinstall_snippet("hello", "# hello \u00e9\n", token)
make("menu", name="site", display_name="The site")
make("menu", name="servers", parent="site")
make("repo", name="el8-base", breed="yum", arch="x86_64", mirror="http://mirror.example.org/el8", mirror_locally=False)
make("package", name="vim", installer="yum")
make("file", name="motd", path="/etc/motd", owner="root", group="root", mode="0644", template="motd.tpl")
make("mgmtclass", name="base", class_name="base", files=["motd"], packages=["vim"])
make("distro", name="el8", arch="x86_64", breed="redhat", os_version="rhel8", kernel=kernels + "/vmlinuz",
     initrd=kernels + "/initrd.img", kernel_options='a=1 a=2 quiet b="x y"',
     autoinstall_meta={"tree": "http://mirror.example.org/el8"})
make("profile", name="z-el8", distro="el8", autoinstall="site.ks", repos=["el8-base"], menu="servers", virt_ram=2048)
make("profile", name="el8-web", parent="z-el8", comment="sub")
make("image", name="rescue", file="/srv/rescue.iso", image_type="iso")
for n in range(1, 21):
    make("system", name=f"node{n:02}", profile="el8-web", hostname=f"node{n:02}.example.org", power_pass=f"s{n}",
         modify_interface={"mac_address-eth0": f"52:54:00:00:00:{n:02X}", "ip_address-eth0": f"10.3.0.{n}",
                           "netmask-eth0": "255.255.255.0", "static-eth0": True, "management-eth1": True})
